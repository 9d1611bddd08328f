"""What a network tells of returns: how that is compared with what they should have been.

`outputs` are what the network tells of B observations: values [B, A], and of distributions [B, A, N] beside them. The
goal is made of places [B, M] that returns may take, each with its weight: a mean has one.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import tensorflow as tf

from agents.dqn.config import Config
from rlab.nets.heads import Expectation
from rlab.ops.distributional import categorical_projection, middle_fractions, quantile_huber, relative_entropy
from rlab.ops.losses import huber


class Returns(Protocol):
    """A kind of them."""

    numbers: int  # that the network tells for an action, in one pass of its head
    fractions: int  # N that are drawn for each observation of an update, and handed to the network; 0: none
    expectation: Expectation | None  # what makes means of them

    def places(self, outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Where the returns of each action may lie [B, A, M], and how probable that is [B, A, M]."""
        ...

    def goal(self, places: tf.Tensor, weights: tf.Tensor, policy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The places [B, M] and weights [B, M] of a `policy` [B, A] over actions with these."""
        ...

    def loss(self, taken: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, *drawn: tf.Tensor) -> tf.Tensor:
        """How far [B] what is told of the actions that were taken, [B] or [B, N], is from the goal.

        What was `drawn` for the network that tells it ends with the fractions [B, N], if there are some.
        """
        ...


class Mean:
    """Only their mean."""

    numbers = 1
    fractions = 0
    expectation = None

    def places(self, outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        values = outputs[0][..., None]
        return values, tf.ones_like(values)

    def goal(self, places: tf.Tensor, weights: tf.Tensor, policy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _mean_over_actions(places, weights, policy)

    def loss(self, taken: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, *drawn: tf.Tensor) -> tf.Tensor:
        return huber(places[:, 0] - taken)


class Categorical:
    """How probable each of N numbers is. Source: Bellemare et al. (2017)."""

    fractions = 0

    def __init__(self, numbers: int, limit: float) -> None:
        self.numbers = numbers
        self.expectation = Expectation(limit, dtype="float32", name="expectation")
        self._support = tf.linspace(-limit, limit, numbers)

    def places(self, outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        logits = outputs[1]
        return tf.broadcast_to(self._support, tf.shape(logits)), tf.nn.softmax(logits)

    def goal(self, places: tf.Tensor, weights: tf.Tensor, policy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A mixture: what any of the actions makes of it, as often as it is chosen."""
        size = places.shape[1] * places.shape[2]
        return tf.reshape(places, (-1, size)), tf.reshape(policy[..., None] * weights, (-1, size))

    def loss(self, taken: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, *drawn: tf.Tensor) -> tf.Tensor:
        return relative_entropy(taken, categorical_projection(places, weights, self._support))


class Quantile:
    """N quantiles. Source: Dabney et al. (2018); Vieillard et al. (2020), appendix B.2, for a mean over actions."""

    fractions = 0

    def __init__(self, numbers: int) -> None:
        self.numbers = numbers
        self.expectation = Expectation(dtype="float32", name="expectation")
        self._middles = middle_fractions(numbers)

    def places(self, outputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        return outputs[1], tf.ones_like(outputs[1])

    def goal(self, places: tf.Tensor, weights: tf.Tensor, policy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _mean_over_actions(places, weights, policy)

    def loss(self, taken: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, *drawn: tf.Tensor) -> tf.Tensor:
        return quantile_huber(taken, self._middles, places)


class Implicit(Quantile):
    """N quantiles at fractions that are drawn anew each time. Source: Dabney et al. (2018b), equations 2 and 3."""

    def __init__(self, fractions: int) -> None:
        super().__init__(1)  # at a time
        self.fractions = fractions

    def loss(self, taken: tf.Tensor, places: tf.Tensor, weights: tf.Tensor, *drawn: tf.Tensor) -> tf.Tensor:
        return quantile_huber(taken, drawn[-1], places)


def _mean_over_actions(places: tf.Tensor, weights: tf.Tensor, policy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The means [B, M] of places, which weigh as much for every action."""
    return tf.reduce_sum(policy[..., None] * places, axis=1), weights[:, 0]


def make_returns(config: Config) -> Returns:
    """What the settings ask for."""
    made: dict[str, Any] = {
        "mean": Mean,
        "categorical": lambda: Categorical(config.return_numbers, config.return_limit),
        "quantile": lambda: Quantile(config.return_numbers),
        "implicit": lambda: Implicit(config.return_numbers),
    }
    returns: Returns = made[config.returns]()
    return returns
