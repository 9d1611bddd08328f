"""What PQN gathers, what its steps are worth to it, and when it learns."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from gymnasium import spaces

from agents.pqn import Config, make
from agents.pqn.agent import LEARNER
from rlab.nets.encoders import mlp
from rlab.seeding import Seeds
from rlab.types import Array, Transitions, UserError

SEEN, ACTED = spaces.Box(-9, 9, (2,), np.float32), spaces.Discrete(3)
PLAIN = Config(
    encoder_kind="mlp",
    encoder_sizes=(),
    hidden_sizes=(),
    rollout_steps=4,
    epochs=1,
    minibatches=1,
    gamma=0.5,
    trace_decay=0.5,
    reward_clipping=False,
)


def pqn(**changes: Any) -> Any:
    return make(dataclasses.replace(PLAIN, **changes), SEEN, ACTED, Seeds(0))


def step(
    seen: float, reward: float = 1.0, *, discount: float = 1.0, last: bool = False, first: bool = False
) -> Transitions:
    """A step of one environment from (seen, 0) to (seen + 0.5, 0), where the best action at (x, 0) is worth 4 x."""
    here = np.array([[seen, 0]], np.float32)
    numbers = [np.array([number], np.float32) for number in (reward, discount)]
    moved = here + np.array([0.5, 0], np.float32)
    told = {"value": 4 * here[:, 0]}
    return Transitions(here, np.array([1]), *numbers, moved, np.array([first]), np.array([last]), told)


def beside(one: Transitions, other: Transitions) -> Transitions:
    """The steps of two environments."""
    told = {"value": np.concatenate([one.extras["value"], other.extras["value"]])}
    return Transitions(*(np.concatenate(pair) for pair in zip(one[:-1], other[:-1], strict=True)), told)


def worth(agent: Any, *steps: Transitions) -> Any:
    """What the steps were worth, [N] lists of T, where the best action at (x, 0) is worth 4 x if x is positive."""
    agent._online.set_weights([np.array([[1, 4, -2], [0, 0, 0]], np.float32), np.zeros(3, np.float32)])
    held: list[Array] = []

    def look(*columns: Array) -> Array:
        held.extend(columns)
        return np.zeros((1, 3))

    agent._learn_from = look
    for transitions in steps:
        assert not held
        agent.observe(transitions)
        agent.learn()
    observation, action, goal, _ = held
    np.testing.assert_array_equal(observation, np.concatenate([transitions.observation for transitions in steps]))
    np.testing.assert_array_equal(action, np.concatenate([transitions.action for transitions in steps]))
    return goal.reshape(len(steps), -1).T.tolist()


def test_steps_are_worth_their_lambda_returns() -> None:
    # The values of what follows are 4 (x + 0.5) = 6, 8, 10, 12; gamma and lambda are 0.5.
    # 1 + 12 / 2 = 7; 1 + (10 + 7) / 4 = 5.25; 1 + (8 + 5.25) / 4 = 4.3125; 1 + (6 + 4.3125) / 4 = 3.578125
    assert worth(pqn(), step(1), step(1.5), step(2), step(2.5)) == [[3.578125, 4.3125, 5.25, 7]]


def test_without_traces_they_are_worth_what_the_best_next_action_promises() -> None:
    # 1 + 6 / 2, 1 + 8 / 2, 1 + 10 / 2, 1 + 12 / 2
    assert worth(pqn(trace_decay=0.0), step(1), step(1.5), step(2), step(2.5)) == [[4, 5, 6, 7]]


@pytest.mark.parametrize("last", [True, False], ids=["of a game", "of a life"])
def test_nothing_follows_the_end(last: bool) -> None:
    # 1 + 20 / 2 = 11; 1 + (18 + 11) / 4 = 8.25; 1; 1 + (6 + 1) / 4 = 2.75
    steps = step(1), step(1.5, discount=0, last=last), step(4, first=last), step(4.5)
    assert worth(pqn(), *steps) == [[2.75, 1, 8.25, 11]]


def test_what_a_time_limit_cuts_off_goes_on_from_its_true_successor() -> None:
    # 11 and 8.25 as above; 1 + 8 / 2 = 5, as of (2, 0), not of (4, 0), where another game begins; 1 + (6 + 5) / 4
    assert worth(pqn(), step(1), step(1.5, last=True), step(4, first=True), step(4.5)) == [[3.75, 5, 8.25, 11]]


def test_an_episode_that_was_broken_off_ends_in_what_it_was_worth() -> None:
    """As by a resume, where the environment does not repeat itself: the next row is of another episode."""
    # 11 and 8.25 as above; 1 + 6 / 2 = 4, with its own value; 1 + (6 + 4) / 4 = 3.5
    assert worth(pqn(), step(1), step(1.5), step(4, first=True), step(4.5)) == [[3.5, 4, 8.25, 11]]


def test_environments_do_not_touch_each_other() -> None:
    others = step(3, 2), step(3.5, 2, last=True), step(1, 2, first=True), step(1.5, 2)
    steps = [beside(step(x), other) for x, other in zip((1, 1.5, 2, 2.5), others, strict=True)]
    # what follows the others is worth 14, 16, 6, 8: 2 + 8 / 2 = 6; 2 + (6 + 6) / 4 = 5; 2 + 16 / 2 = 10, cut off there;
    # 2 + (14 + 10) / 4 = 8
    assert worth(pqn(), *steps) == [[3.578125, 4.3125, 5.25, 7], [8, 10, 5, 6]]


def test_rewards_are_clipped_if_it_is_told_so() -> None:
    # -1 + 12 / 2 = 5; 1 + (10 + 5) / 4 = 4.75; 1 + (8 + 4.75) / 4 = 4.1875; 0.5 + (6 + 4.1875) / 4 = 3.046875
    steps = step(1, 0.5), step(1.5, 50), step(2, 1), step(2.5, -7)
    assert worth(pqn(reward_clipping=True), *steps) == [[3.046875, 4.1875, 4.75, 5]]


def play(agent: Any, turns: int) -> Any:
    """Show the agent so many steps; what the last `learn` brought."""
    metrics = None
    for turn in range(turns):
        agent.observe(beside(step(turn), step(-turn)))
        metrics = agent.learn()
    return metrics


def test_updates_are_due_when_the_rollout_is_full() -> None:
    agent = pqn(epochs=3, minibatches=2)
    assert play(agent, 3) is None
    assert int(agent._optimizer.iterations) == 0
    metrics = play(agent, 1)
    assert int(agent._optimizer.iterations) == 6
    assert metrics.keys() == {
        "loss/squared",
        "loss/td_error",
        "value/mean",
        "loss/learning_rate",
        "exploration/epsilon",
    }
    assert play(agent, 3) is None


def test_the_step_size_falls() -> None:
    agent = pqn(learning_rate=1e-3, learning_rate_decay_steps=16)
    rates = [play(agent, 4)["loss/learning_rate"] for _ in range(3)]  # 8 steps each
    assert rates == pytest.approx([0.5e-3, 0, 0])
    held = agent.network.get_weights()
    play(agent, 4)
    for before, after in zip(held, agent.network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_plays_for_a_score_is_an_average_of_what_learns() -> None:
    agent, held = pqn(average_rate=0.25), pqn().network.get_weights()
    for _ in range(2):
        play(agent, 4)
        online = agent._online.get_weights()
        assert any(not np.array_equal(*pair) for pair in zip(held, online, strict=True))
        held = [before + 0.25 * (now - before) for before, now in zip(held, online, strict=True)]
        for expected, weights in zip(held, agent.network.get_weights(), strict=True):
            np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7)
    seen = np.ones((1, 2), np.float32)
    np.testing.assert_allclose(agent.inspect(seen)["action_values"], agent.network(seen), rtol=1e-5)
    _, told = agent.actor(1, 0, explore=True).act(seen, np.ones(1, np.bool_))
    np.testing.assert_allclose(told["value"], np.max(agent._online(seen), axis=1), rtol=1e-5)


def test_a_released_agent_explores_by_what_it_plays_with(tmp_path: Path) -> None:
    agent = pqn(average_rate=0.25)
    play(agent, 8)
    agent.save(tmp_path)
    (tmp_path / LEARNER).unlink()
    again, seen = pqn(average_rate=0.25), np.ones((1, 2), np.float32)
    again.load(tmp_path)
    _, told = again.actor(1, 0, explore=True).act(seen, np.ones(1, np.bool_))
    np.testing.assert_allclose(told["value"], np.max(agent.network(seen), axis=1), rtol=1e-5)


def test_the_best_actions_are_played_when_it_does_not_explore() -> None:
    agent = pqn(encoder_sizes=(8,), hidden_sizes=(8,))
    seen = np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32)
    values = agent.inspect(seen)["action_values"]
    np.testing.assert_allclose(values, agent.network(seen), rtol=1e-5, atol=1e-6)
    best = np.argmax(values, axis=1)
    assert len(set(best.tolist())) > 1
    np.testing.assert_array_equal(agent.actor(16, 0, explore=False).act(seen, np.ones(16, np.bool_))[0], best)


def normalised_layers(network: keras.Model) -> list[str]:
    parts = network._flatten_layers(include_self=False, recursive=True)
    return [layer.name for layer in parts if isinstance(layer, keras.layers.LayerNormalization)]


def test_all_its_hidden_layers_are_normalised_but_not_those_of_a_policy_that_it_begins_with() -> None:
    sizes = {"encoder_sizes": (8, 8), "hidden_sizes": (8,)}
    names = ["head_hidden_1_normalised", "hidden_1_normalised", "hidden_2_normalised"]
    assert sorted(normalised_layers(pqn(**sizes).network)) == names
    begun = make(dataclasses.replace(PLAIN, policy="a.keras", **sizes), SEEN, ACTED, Seeds(0), encoder=encoder())
    assert normalised_layers(begun.network) == []
    given = make(dataclasses.replace(PLAIN, encoder="a.keras", **sizes), SEEN, ACTED, Seeds(0), encoder=encoder())
    assert normalised_layers(given.network) == names[:1]


def encoder() -> keras.Model:
    return mlp(SEEN, (4,), Seeds(0))


@pytest.mark.usefixtures("bfloat16")
def test_it_learns_in_half_the_bits() -> None:
    agent = pqn(encoder_sizes=(8,), hidden_sizes=(8,))
    metrics = play(agent, 4)
    assert all(np.isfinite(number) for number in metrics.values())
    assert agent.network.output.dtype == "float32"


def test_steps_that_do_not_split_evenly_are_refused() -> None:
    with pytest.raises(UserError, match="received --rollout-steps 5 x --num-envs 3 for --minibatches 4"):
        dataclasses.replace(PLAIN, rollout_steps=5, minibatches=4).check_fit(SEEN, ACTED, 3)
