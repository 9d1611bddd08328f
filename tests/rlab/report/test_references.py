"""Which known scores are shown beside which protocol."""

import ale_py
import gymnasium as gym
import pytest

from rlab.protocol import PROTOCOLS
from rlab.report.references import _table, random_and_human, references, solved_from

ALE = PROTOCOLS["ale_v5"].identity


def named(environment, protocol):
    return {one.name: one for one in references(environment, PROTOCOLS[protocol].identity)}


def test_published_curves_stand_against_agent_steps_beside_their_own_protocol_only():
    """One million frames are 250,000 steps."""
    curve = named("ALE/MsPacman-v5", "ale_v5")["Dopamine DQN"]
    assert curve.curve[:2] == ((250_000, 387.0), (500_000, 933.0))
    assert (curve.differs, curve.score, curve.window_steps) == ("", None, 250_000)
    for protocol in ("classic", "ale_v5_full", "book"):
        assert not [name for name in named("ALE/MsPacman-v5", protocol) if name.startswith("Dopamine")]


def test_random_and_human_scores_name_in_what_their_protocol_differs():
    human = named("ALE/MsPacman-v5", "ale_v5")["human"]
    assert (human.score, human.label) == (6951.6, "human (no sticky actions, up to 30 no-ops first)")
    assert named("ALE/MsPacman-v5", "classic")["random"].label == "random (games of up to 30 minutes, not 5)"
    assert "human" not in named("CartPole-v1", "gymnasium")


def test_exact_scores_of_small_environments():
    assert named("FrozenLake-v1", "gymnasium")["best stationary policy known"].score == 0.7402
    lake = named("FrozenLake8x8-v1", "gymnasium")
    assert lake["stationary policy that is best without a time limit"].score == 0.8857
    assert lake["best stationary policy known"].score == 0.8936
    assert lake["best policy there is, which counts its steps"].score == 0.9132
    assert named("Taxi-v4", "gymnasium")["best policy"].score == 7.93


def test_thresholds_come_from_gymnasium():
    assert named("CartPole-v1", "gymnasium")["solved from"].score == solved_from("CartPole-v1") == 475.0
    assert solved_from("ALE/MsPacman-v5") is None
    assert references("my_games:Good-v0", PROTOCOLS["gymnasium"].identity) == []


@pytest.mark.parametrize("environment", ["MsPacman-v5", "ALE/MsPacman-v4", "ALE/MsPacman-ram-v5", "MsPacman"])
def test_a_human_score_is_of_one_environment(environment):
    assert random_and_human("ALE/MsPacman-v5") == (307.3, 6951.6)
    assert random_and_human(environment) is None


def test_everything_in_the_table_is_of_an_environment_that_is_there():
    gym.register_envs(ale_py)
    table = _table()
    entries = [*table["exact"], *table["published"]["curves"]]
    games = [f"ALE/{game}-v5" for game in table["human"]["games"]]
    assert len(games) == 57
    assert [name for name in (*games, *(one["environment"] for one in entries)) if name not in gym.registry] == []
    assert {one["protocol"] for one in entries} <= set(PROTOCOLS)
    assert all(random < human for random, human in table["human"]["games"].values())
