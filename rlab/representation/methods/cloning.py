"""Behaviour cloning: say what the recorded player did, from what it saw; brings a policy beside the encoder.

Source: Pomerleau (1991), Efficient Training of Artificial Neural Networks for Autonomous Navigation; Hands-On Machine
Learning (first edition), chapter 16, "Neural Network Policies".
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rlab.config import check_range
from rlab.representation.methods import Task
from rlab.seeding import Seeds

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from rlab.representation.games import Games


@dataclass(frozen=True)
class Config:
    """Behaviour cloning."""

    hidden_sizes: tuple[int, ...] = (512,)
    """Units of each dense layer between the encoder and the actions; an agent that takes them over needs the same."""
    activation: Literal["relu", "tanh", "elu", "selu"] = "relu"
    """What follows each of these layers."""

    def __post_init__(self) -> None:
        for size in self.hidden_sizes:
            check_range("hidden_sizes", size, 1)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A policy that gives what was done its probability."""
    import tensorflow as tf

    from rlab.nets.policies import policy
    from rlab.ops.distributions import Categorical, distribution

    actions = distribution(games.action_space)
    shape = (-1, *(games.action_space.shape or ()))
    cloned = policy(encoder, config.hidden_sizes, config.activation, actions, 0.0, seeds)

    def loss(action: "tf.Tensor", parameters: "tf.Tensor") -> "tf.Tensor":
        dtype = tf.int64 if isinstance(actions, Categorical) else tf.float32
        return -actions.log_prob(parameters, tf.cast(tf.reshape(action, shape), dtype))

    metrics = ["sparse_categorical_accuracy"] if isinstance(actions, Categorical) else []
    return Task(cloned, ("observation", "action"), loss, metrics, policy=cloned)
