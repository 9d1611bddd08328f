"""Evaluation: which games are played, on which seeds, how the agent acts in them, and what is kept of them."""

import dataclasses
import json
from collections import Counter

import numpy as np
import pytest

from rlab import evaluation
from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import PROTOCOLS, Protocol
from rlab.rundir import TAPES
from rlab.seeding import Seeds
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.rlab import written_settings
from tests.rlab.scripted import Scripted
from tests.rlab.written_tapes import a_tape

GREEDY = PROTOCOLS["gymnasium"]


class Player:
    """An agent whose actors always take one action, and which notes what actors it is asked for."""

    def __init__(self, action=0):
        self.action = action
        self.actors = []

    def actor(self, num_envs, seed, *, explore):
        self.actors.append((num_envs, seed, explore))
        return self

    def act(self, observations, first):
        return np.full(len(first), self.action), {}


class BySeed(Scripted):
    """Plays episodes whose length is 1 to 9 steps, by the last digit of any seed."""

    def __init__(self, num_envs):
        super().__init__(num_envs, *["." * (digit % 9) + "T" for digit in range(100, 110)])


def play(episodes, agent=None, protocol=GREEDY, **options):
    made = []

    def make_env(num_envs):
        made.append(BySeed(num_envs))
        return made[-1]

    options = {"stream": "eval", "step": 1000, "seed": 3} | options
    tapes = evaluation.play(agent or Player(), make_env, protocol, episodes, **options)
    assert len(made) == 1
    return tapes, made[0]


@pytest.mark.parametrize("episodes", [1, 5, 8, 9, 30])
@pytest.mark.parametrize("stream", ["eval", "validation"])
def test_each_of_the_protocols_seeds_is_played_once_to_its_end(episodes, stream):
    """Also where there are more games than environments, and short games end before long ones that began earlier."""
    tapes, environment = play(episodes, stream=stream)
    assert environment.num_envs <= min(episodes, 29), "this is to try more games than environments"
    assert [tape.seed for tape in tapes] == GREEDY.seeds(stream, episodes)
    assert [tape.number for tape in tapes] == list(range(episodes))
    for tape in tapes:
        assert tape.stream == stream
        assert tape.terminated
        assert tape.length == len(environment._episodes[(tape.seed - 100) % 10])
        assert tape.score == sum(range(1, tape.length + 1))


def test_a_tape_says_which_step_of_the_training_played_it():
    assert {tape.step for tape in play(10, step=77)[0]} == {77}


def test_games_that_choose_a_checkpoint_have_other_seeds_than_those_that_score_it():
    assert not {tape.seed for tape in play(20, stream="eval")[0]} & {
        tape.seed for tape in play(20, stream="validation")[0]
    }


def test_each_game_is_told_as_it_ends():
    told = []
    tapes, _ = play(10, on_game=told.append)
    assert sorted(told, key=lambda tape: tape.number) == tapes
    assert [tape.number for tape in told] != list(range(10)), "these seeds were to end in another order"


@pytest.mark.parametrize(("acting", "explore"), [("greedy", False), ("sampled", True)])
def test_the_protocol_says_whether_the_agent_plays_its_best_or_as_it_explores(acting, explore):
    agent = Player()
    play(3, agent, Protocol("test", acting, 0.0))
    (asked,) = agent.actors
    assert asked == (3, Seeds(3).integer("actor eval 1000"), explore)


def test_actors_differ_by_the_seed_of_the_run_and_by_the_step():
    agent = Player()
    for options in ({}, {"step": 2000}, {"seed": 4}, {"stream": "validation"}, {}):
        play(3, agent, **options)
    seeds = [seed for _, seed, _ in agent.actors]
    assert len(set(seeds)) == 4
    assert seeds[0] == seeds[-1]


def test_no_action_is_replaced_without_an_epsilon():
    assert all((tape.actions == 1).all() for tape in play(100, Player(action=1))[0])


def test_actions_are_replaced_at_random_with_probability_epsilon():
    tapes, _ = play(600, Player(action=1), Protocol("test", "greedy", 0.3))
    actions = np.concatenate([tape.actions for tape in tapes])
    shares = [count / len(actions) for _, count in sorted(Counter(actions.tolist()).items())]
    np.testing.assert_allclose(shares, [0.1, 0.8, 0.1], atol=0.025)  # of three actions: 0.3 / 3, and 0.7 + 0.3 / 3


def test_which_actions_are_replaced_repeats_itself():
    sticky = Protocol("test", "greedy", 0.3)
    again = [[tape.actions.tolist() for tape in play(20, protocol=sticky, seed=seed)[0]] for seed in (3, 3, 4)]
    assert again[0] == again[1] != again[2]


def test_an_evaluation_is_kept_in_place_of_an_earlier_one(tmp_path):
    store = TapeStore(tmp_path / TAPES, create=True)
    kept = [a_tape(stream="train"), a_tape(stream="validation"), a_tape(stream="demo")]
    for tape in kept:
        store.write(tape)
    store.commit()
    store.close()
    settings = written_settings.make()
    evaluation.record(tmp_path, play(12, step=50)[0], settings)
    tapes, _ = play(5, step=100)
    result = evaluation.record(tmp_path, tapes, settings)

    store = TapeStore(tmp_path / TAPES)
    for stream, expected in (("eval", tapes), *((tape.stream, [tape]) for tape in kept)):
        found = list(store.all(stream))
        assert [(tape.number, tape.seed, tape.score) for tape in found] == [
            (tape.number, tape.seed, tape.score) for tape in expected
        ]
    store.close()
    assert Evaluation.read(tmp_path) == result
    assert dataclasses.asdict(result) == {
        "environment": "ALE/MsPacman-v5",
        "agent": "dqn",
        "preset": "paper",
        "seed": 3,
        "protocol": tapes[0].protocol,
        "step": 100,
        "seeds": GREEDY.seeds("eval", 5),
        "scores": [tape.score for tape in tapes],
        "lengths": [tape.length for tape in tapes],
        "frames": sum(4 * tape.length + 7 for tape in tapes),
        "departures": {"life_loss_ends_value": True, "reward_clipping": True},
    }


def test_a_run_without_an_evaluation_is_told_how_to_make_one(tmp_path):
    for run in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"has no evaluation: make one with python scripts/evaluate\.py"):
            Evaluation.read(run)


def nothing(values):
    values["scores"] = []


def words(values):
    values["scores"] = ["high"]


def no_list(values):
    values["scores"] = 3


def missing(values):
    del values["seeds"]


def no_departures(values):
    values["departures"] = []


def step_in_words(values):
    values["step"] = "high"


def one_length_in_words(values):
    values["lengths"][1] = "long"


def unknown(values):
    values["colour"] = "red"


@pytest.mark.parametrize(
    "damage", [nothing, words, no_list, missing, no_departures, step_in_words, one_length_in_words, unknown]
)
def test_a_file_that_is_no_evaluation_is_refused_in_one_line(tmp_path, damage):
    evaluation.record(tmp_path, play(2)[0], written_settings.make())
    values = json.loads((tmp_path / RESULT).read_text())
    damage(values)
    (tmp_path / RESULT).write_text(json.dumps(values))
    with pytest.raises(UserError, match="is not an evaluation: ") as refused:
        Evaluation.read(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '"text"', "\N{SNOWMAN}"])
def test_a_file_of_anything_else_is_refused_in_one_line(tmp_path, content):
    (tmp_path / RESULT).write_text(content)
    with pytest.raises(UserError, match="is not an evaluation: ") as refused:
        Evaluation.read(tmp_path)
    assert "\n" not in str(refused.value)
