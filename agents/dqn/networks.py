"""The networks of DQN: three views of the same layers."""

from typing import NamedTuple

import keras

from agents.dqn.config import Config
from agents.dqn.returns import Returns
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.reuse import features_of
from rlab.seeding import Seeds


class Networks(NamedTuple):
    """Models that share their layers, and so their weights; they differ in what goes in."""

    plain: keras.Model  # from observations; noisy weights are their means
    exploring: keras.Model  # from observations, and noise where weights have some
    learning: keras.Model  # from what the replay holds, and noise where weights have some
    noise_size: int  # numbers of noise that these two take; 0: they take none


def make_networks(config: Config, encoder: keras.Model, num_actions: int, returns: Returns, seeds: Seeds) -> Networks:
    """All of them, with a new head on the encoder."""
    head = ValueHead(
        config.hidden_sizes,
        num_actions,
        seeds,
        numbers=returns.numbers,
        dueling=config.dueling,
        deviation=config.noise,
    )
    size = head.noise_size(int(encoder.output.shape[-1]))
    noise = {"noise": size} if size else {}
    plain = q_network(encoder, head, returns.expectation)
    exploring = q_network(encoder, head, returns.expectation, **noise) if noise else plain
    remembered = features_of(encoder) if config.cache_features else encoder
    learning = q_network(remembered, head, returns.expectation, **noise)
    return Networks(plain, exploring, learning, size)
