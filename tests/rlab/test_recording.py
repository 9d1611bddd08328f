"""Recording games: who plays which of them, how the actors act, what is kept of games that cannot be played again."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from rlab.recording import RECORDING, Part, Player, Recording, numbers, play, policy_name
from rlab.seeding import Seeds
from rlab.types import Moment, UserError
from tests.rlab.scripted import Scripted


class Always:
    """An agent whose actors always take one action, and which notes what actors it is asked for and what they load."""

    def __init__(self, action=0):
        self.action = action
        self.asked = []

    def actor(self, num_envs, seed, *, explore):
        self.asked.append((num_envs, seed, explore))
        return self

    def act(self, observations, first):
        return np.full(len(first), self.action), {}

    def load(self, directory):
        self.asked.append(directory)


class BySeed(Scripted):
    """Plays episodes whose length is 1 to 9 steps, by the last digit of any seed."""

    def __init__(self, num_envs):
        super().__init__(num_envs, *["." * (digit % 9) + "T" for digit in range(100, 110)])


def again(tape):
    """A true re-emulation of a tape of `BySeed`."""
    environment = BySeed(1)
    seen = environment.reset(np.array([True]), [tape.seed]).observation[0]
    yield Moment(seen, 0.0, False, False, 0, [], None)
    for action in tape.actions:
        outcome = environment.step(np.array([action]))
        yield Moment(outcome.observation[0], float(outcome.reward[0]), bool(outcome.terminated[0]), False, 0, [], None)


def otherwise(tape):
    """A re-emulation that shows something else."""
    return (moment._replace(observation=moment.observation + 1) for moment in again(tape))


def recorded(players, episodes, seed=0, emulate=again, notes=None):
    tapes = play(players, BySeed, emulate, episodes, seed, (notes if notes is not None else []).append)
    return sorted(tapes, key=lambda tape: tape.number)


def player(action=0, step=0, epsilon=0.0, explore=False, **more):
    return Player(Always(action), step, epsilon, explore, **more)


@pytest.mark.parametrize("players", [1, 2, 3])
@pytest.mark.parametrize("episodes", [1, 2, 5, 30])
def test_the_games_take_turns_over_the_players(players, episodes):
    tapes = recorded([player(action, step=10 * action) for action in range(players)], episodes)
    assert [tape.number for tape in tapes] == list(range(episodes))
    assert {tape.stream for tape in tapes} == {"demo"}
    for tape in tapes:
        who = tape.number % players
        assert tape.number in numbers(who, players, episodes)
        assert (set(tape.actions.tolist()), tape.step) == ({who}, 10 * who)


def test_every_game_has_a_seed_of_its_own_and_is_played_to_its_end_however_long():
    tapes = recorded([player(), player()], 40)
    assert [tape.seed for tape in tapes] == [Seeds(0).integer(f"game {number}") for number in range(40)]
    assert [tape.length for tape in tapes] == [1 + (100 + tape.seed % 10) % 9 for tape in tapes]
    assert len({tape.length for tape in tapes}) > 5, "short and long games were to be among them"


def test_the_players_get_on_together():
    """So that a recording which is broken off is still a mixture."""
    early = list(islice(play([player(0), player(1)], BySeed, again, 200, 0), 20))
    assert 5 < sum(tape.number % 2 for tape in early) < 15


def test_the_same_seed_gives_the_same_games_and_another_one_others():
    players = [player(1, epsilon=0.5), player(2, epsilon=0.5)]
    first, second, other = (
        [(tape.seed, tape.digest, tape.actions.tolist()) for tape in recorded(players, 30, seed)] for seed in (3, 3, 4)
    )
    assert first == second
    assert not {seed for seed, _, _ in first} & {seed for seed, _, _ in other}


@pytest.mark.parametrize(("epsilon", "shares"), [(0.0, [0, 1, 0]), (0.3, [0.1, 0.8, 0.1]), (1.0, [1 / 3] * 3)])
def test_actions_are_replaced_with_probability_epsilon(epsilon, shares):
    actions = np.concatenate([tape.actions for tape in recorded([player(1, epsilon=epsilon)], 500)])
    np.testing.assert_allclose(np.bincount(actions, minlength=3) / len(actions), shares, atol=0.03)


def test_two_players_do_not_replace_the_same_actions():
    first, second = [player(1, epsilon=0.5), player(1, epsilon=0.5)], 200
    tapes = recorded(first, second)
    drawn = [np.concatenate([tape.actions for tape in tapes[who::2]]) for who in (0, 1)]
    length = min(map(len, drawn))
    assert (drawn[0][:length] != drawn[1][:length]).mean() > 0.3


@pytest.mark.parametrize("explore", [False, True])
def test_an_actor_explores_where_it_is_asked_to_and_goes_on_from_a_checkpoint(explore, tmp_path):
    agents = [Always(), Always()]
    recorded([Player(agents[0], 0, 0.0, explore), Player(agents[1], 0, 0.0, explore, tmp_path)], 30)
    assert agents[0].asked == [(8, Seeds(0).integer("actor 0"), explore)]
    assert agents[1].asked == [(8, Seeds(0).integer("actor 1"), explore), tmp_path]


def test_games_that_can_be_played_again_keep_no_observations():
    notes = []
    assert all(tape.observations is None for tape in recorded([player(), player()], 60, notes=notes))
    assert notes == []


def test_it_is_found_out_with_few_games_that_all_can_be_played_again():
    asked = []

    def noting(tape):
        asked.append(tape.number)
        return again(tape)

    recorded([player()], 200, emulate=noting)
    assert 2 <= len(asked) <= 30


def test_games_that_cannot_be_played_again_keep_what_was_seen():
    notes = []
    tapes = recorded([player(), player()], 40, emulate=otherwise, notes=notes)
    assert len(notes) == 1
    assert notes[0].startswith("games cannot be played again (")
    for tape in tapes:
        seen = [moment.observation for moment in again(tape)]
        np.testing.assert_array_equal(tape.observations, seen)


def a_recording(**changes):
    parts = [Part("a", "a", "random", 0, 0.0, False, [0, 2, 4]), Part("b", "runs/b", "dqn", 70, 0.1, True, [1, 3])]
    space = {"kind": "Discrete", "n": 3}
    made = Recording("Catch-v0", "gymnasium:f7ae130b", space, space, 5, parts, ["python", "record.py"], {"rlab": "1"})
    return replace(made, **changes)


def test_what_is_written_is_what_is_read(tmp_path):
    a_recording().write(tmp_path)
    assert Recording.read(tmp_path) == a_recording()
    assert [path.name for path in tmp_path.iterdir()] == [RECORDING]


def test_a_finished_record_tells_the_games_that_ended_and_their_means():
    parts = a_recording().finished({0: 10.0, 4: 20.0}).parts
    assert [(part.games, part.mean) for part in parts] == [([0, 4], 15.0), ([], None)]


def test_where_there_is_no_recording_one_line_says_so(tmp_path):
    with pytest.raises(UserError, match=r"no recorded games: .* has no recording\.json"):
        Recording.read(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["{", "[]", "3", "missing", "unknown", "parts", "seed", "space"])
def test_something_else_in_its_place_is_refused_in_one_line(tmp_path, damage):
    a_recording().write(tmp_path)
    path = tmp_path / RECORDING
    told = json.loads(path.read_text())
    if damage == "missing":
        del told["parts"]
    elif damage == "unknown":
        told["colour"] = "red"
    elif damage == "parts":
        told["parts"][0]["games"] = 3
    elif damage == "seed":
        told["seed"] = "1/../../elsewhere"
    elif damage == "space":
        told["action_space"] = {}
    path.write_text(damage if len(damage) < 3 else json.dumps(told))
    with pytest.raises(UserError, match="is not the record of recorded games: ") as refused:
        Recording.read(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_policy_is_named_by_its_agent_its_run_and_its_step(tmp_path):
    run = tmp_path / "20260101-000000-s1"
    assert policy_name("random", None, 0) == "random"
    assert policy_name("dqn", run, 250_000) == "dqn of 20260101-000000-s1 at step 250,000"
    assert policy_name("dqn", run, None) == "dqn of 20260101-000000-s1 in training"
