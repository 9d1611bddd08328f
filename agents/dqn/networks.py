"""The networks of DQN: three views of the same layers."""

from typing import NamedTuple

import keras

from agents.dqn.config import Config
from agents.dqn.returns import Returns
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.implicit import ImplicitHead
from rlab.nets.reuse import features_of
from rlab.seeding import Seeds

# What acts by `implicit` returns asks for quantiles at as many fractions as the paper's K, but at the middles of equal
# parts where the paper draws them. Their mean is closer to the expected return than that of as many drawn ones; and
# what acts needs no random numbers for it, so that a network whose only input are observations plays the same games.
ACTING_FRACTIONS = 32


class Networks(NamedTuple):
    """Models that share their layers, and so their weights; they differ in what goes in."""

    plain: keras.Model  # from observations; noisy weights are their means
    exploring: keras.Model  # from observations, and noise where weights have some
    learning: keras.Model  # from what the replay holds, noise where weights have some, fractions if returns want them
    noise_size: int  # numbers of noise that these two take; 0: they take none


def make_networks(config: Config, encoder: keras.Model, num_actions: int, returns: Returns, seeds: Seeds) -> Networks:
    """All of them, with a new head on the encoder."""
    values = ValueHead(
        config.hidden_sizes,
        num_actions,
        seeds,
        numbers=returns.numbers,
        dueling=config.dueling,
        deviation=config.noise,
    )
    features = int(encoder.output.shape[-1])
    head = ImplicitHead(values, features, seeds, count=ACTING_FRACTIONS) if returns.fractions else values
    size = head.noise_size(features)
    noise = {"noise": size} if size else {}
    fractions = {"fractions": returns.fractions} if returns.fractions else {}
    plain = q_network(encoder, head, returns.expectation)
    exploring = q_network(encoder, head, returns.expectation, **noise) if noise else plain
    remembered = features_of(encoder) if config.cache_features else encoder
    learning = q_network(remembered, head, returns.expectation, **noise, **fractions)
    return Networks(plain, exploring, learning, size)
