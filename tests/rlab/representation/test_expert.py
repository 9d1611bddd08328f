"""What an expert would have done is what it prefers, not what it draws."""

from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import spaces

from rlab.protocol import PROTOCOLS
from rlab.representation.expert import advised, check_expert
from rlab.sampler import Sampler
from rlab.types import FrameStack, UserError

MANY = 300  # moments, more than an expert is asked at once


class Games:
    """Moments whose observations are their numbers."""

    action = np.zeros(MANY, np.int64)

    def __len__(self):
        return MANY

    def observations(self, moments):
        return moments


class Drawing:
    """A policy whose games are scored with drawn actions; it prefers what the observation is modulo 5."""

    action_space = spaces.Discrete(6)
    distribution = SimpleNamespace(noise=lambda random, count: random.random(count))

    def act(self, observations, noise, *, explore):
        return {"drawn": np.full(len(observations), 5) if explore else observations % 5}

    def actor(self, num_envs, seed, *, explore):
        return Sampler(self, num_envs, seed, explore=True)


def test_an_expert_says_what_it_prefers_also_where_it_plays_by_chance():
    games = Games()
    found = advised(games, Drawing())
    assert found.action.tolist() == [moment % 5 for moment in range(MANY)]
    assert not games.action.any(), "the games themselves stay as they are"


SEEN, ACTED = FrameStack(84, 84, 4), spaces.Discrete(9)


def expert(env="ALE/MsPacman-v5", protocol="ale_v5", acted=ACTED):
    run = SimpleNamespace(env=env, protocol=protocol)
    return SimpleNamespace(run=run, observation_space=SEEN, action_space=acted)


def played(protocol="ale_v5"):
    identity = PROTOCOLS[protocol].identity
    told = {"environment": "ALE/MsPacman-v5", "protocol": identity}
    return SimpleNamespace(observation_space=SEEN, action_space=ACTED, **told)


def test_an_expert_plays_what_the_games_show():
    check_expert(played(), expert())


@pytest.mark.parametrize(
    ("games", "expert", "message"),
    [
        (played(), expert(env="ALE/Alien-v5"), "its environment: it has ALE/Alien-v5, the games have ALE/MsPacman-v5"),
        (played("book"), expert(), "its pictures: it has nature, 4 to 4 frames a step, the games have book, 2 to 4"),
        (played(), expert(acted=spaces.Discrete(18)), r"its actions: it has Discrete(18), the games have Discrete(9)"),
    ],
    ids=["environment", "pictures", "actions"],
)
def test_an_expert_in_something_else_is_refused(games, expert, message):
    with pytest.raises(UserError) as refused:
        check_expert(games, expert)
    assert str(refused.value).startswith(f"the expert plays otherwise, by {message}")
