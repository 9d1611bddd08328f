"""What an expert would have done is what it prefers, not what it draws."""

from types import SimpleNamespace

import numpy as np
from gymnasium import spaces

from rlab.representation.expert import advised
from rlab.sampler import Sampler

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
