"""DQN as a program: traced once, in other number formats, of a known size, and loaded from what it saved."""

import dataclasses
import shutil
from functools import partial

import numpy as np
import pytest

import agents
import agents.dqn.agent as implementation
import envs
from agents.dqn import PRESETS, make, returns
from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.rundir import CONFIG
from rlab.seeding import Seeds
from rlab.training import Training
from rlab.types import UserError
from tests.agents.dqn.small import dqn, let_value, step
from tests.playing import RandomActor


def test_the_update_is_traced_once(monkeypatch):
    """Python runs while TensorFlow traces, and never again."""
    traced = []
    huber = returns.huber

    def noted(error):
        traced.append(tuple(error.shape))
        return huber(error)

    monkeypatch.setattr(returns, "huber", noted)
    agent = dqn(double=True)
    for turn in range(21):
        agent.observe(step(reward=turn, action=turn % 3))
        agent.learn()
    assert agent.updates == 20
    assert traced == [(2,)]


def learned():
    """An agent that learned from a few different steps."""
    agent = dqn(learning_rate=0.01, encoder_sizes=(16,))
    for turn in range(30):
        seen = np.full((1, 2), np.sin(turn), np.float32)
        agent.observe(step(reward=float(seen[0, 0]))._replace(observation=seen, next_observation=-seen))
        agent.learn()
    return agent


def test_in_bfloat16_it_learns_the_same_but_for_rounding_and_keeps_float32(request):
    exact = learned()
    request.getfixturevalue("bfloat16")
    rounded = learned()
    seen = np.linspace(-1, 1, 10, dtype=np.float32).reshape(5, 2)
    assert rounded.values(seen).dtype == np.float32
    assert all(weight.dtype == np.float32 for weight in rounded.network.get_weights())
    assert not np.array_equal(rounded.values(seen), exact.values(seen))
    np.testing.assert_allclose(rounded.values(seen), exact.values(seen), atol=0.05)


@pytest.mark.parametrize(
    ("environment", "preset", "changes", "tolerance"),
    [
        ("CartPole-v1", "control", {"replay_capacity": 2000}, 0.1),
        ("Catch-v0", "control", {"replay_capacity": 500, "replay_compressed": False}, 0.15),
        ("ALE/MsPacman-v5", "fast", {"replay_capacity": 1200}, 0.4),  # how well frames compress depends on the play
    ],
)
def test_the_memory_that_it_foretells_is_about_what_it_takes(environment, preset, changes, tolerance):
    made = envs.make(environment, 4, PROTOCOLS[default_protocol(environment)])
    config = dataclasses.replace(PRESETS[preset].config, **changes)
    agent = make(config, made.observation_space, made.action_space, Seeds(0))
    loop = Loop(made, RandomActor(made), lambda number: number, stream="train")
    for _ in range(config.replay_capacity // 4):
        agent.observe(next(loop).transitions)
    assert agent._replay.nbytes == pytest.approx(agent.expected_memory(), rel=tolerance)


def refusal_of(agent, folder):
    with pytest.raises(UserError) as refused:
        agent.load(folder)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_weights_of_another_shape_are_refused(tmp_path):
    dqn(encoder_sizes=(4,)).save(tmp_path)
    message = refusal_of(dqn(encoder_sizes=(5,)), tmp_path)
    assert "(2, 4)" in message
    assert "(2, 5)" in message


def test_the_state_of_another_optimizer_is_refused(tmp_path):
    dqn(optimizer="adam").save(tmp_path)
    assert "learner.npz" in refusal_of(dqn(optimizer="nesterov"), tmp_path)


def test_a_released_agent_plays_but_cannot_be_trained_on(tmp_path):
    """Its checkpoint holds the network, and nothing that training alone needs."""
    protocol = PROTOCOLS["gymnasium"]
    run = RunConfig("CartPole-v1", protocol="gymnasium")
    settings = Settings("dqn", "control", run, PRESETS["control"].config, *envs.spaces_of(run.env, protocol))
    run_folder, whole = tmp_path / "run", tmp_path / "whole"
    for folder in (run_folder, whole):
        folder.mkdir()
    settings.write(run_folder / CONFIG)
    trained = agents.make(dataclasses.replace(settings, run=dataclasses.replace(run, seed=8)))
    trained.save(whole)
    checkpoint.write(run_folder, 500, lambda folder: shutil.copy(whole / implementation.NETWORK, folder))

    released = agents.load(run_folder)
    seen = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    np.testing.assert_array_equal(released.values(seen), trained.values(seen))
    make_env = partial(envs.make, run.env, protocol=protocol)
    with pytest.raises(UserError, match="holds an agent to play with but no training state"):
        Training(run_folder, settings, released, protocol, make_env, envs.emulate, resume=True)


def test_a_released_agent_explores_by_what_it_plays_with(tmp_path):
    agent = dqn(average_rate=0.25, epsilon_start=0, epsilon_end=0)
    let_value(agent.network, 0, 8, -4)
    agent.save(tmp_path)
    (tmp_path / implementation.LEARNER).unlink()
    again, seen = dqn(average_rate=0.25, epsilon_start=0, epsilon_end=0), np.zeros((1, 2), np.float32)
    let_value(again._online, 8, 0, 0)
    again.load(tmp_path)
    assert again.actor(1, 0, explore=True).act(seen, np.ones(1, np.bool_))[0] == [1]
