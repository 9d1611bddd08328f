"""Networks that follow another one: copies that lag behind, and moving averages."""

from collections.abc import Callable

import keras
import tensorflow as tf


def copy_of(network: keras.Model) -> keras.Model:
    """A network of the same layers and weights that shares none of them."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def make_move(behind: keras.Model, online: keras.Model, rate: float) -> Callable[[], None]:
    """What moves all weights of one network towards those of another, as `moved` says."""

    def move() -> None:
        for follower, leader in zip(behind.weights, online.weights, strict=True):
            follower.assign(moved(follower.value, leader.value, rate))

    return move


def moved(behind: tf.Tensor, online: tf.Tensor, rate: float) -> tf.Tensor:
    """What weights at `behind` come to by a move towards `online`: (1 - rate) behind + rate online; a copy with rate 1.

    Written so that what is the same in both, as in layers that stand still, keeps its bits.
    Source: Lillicrap et al. (2016), Continuous control with deep reinforcement learning, algorithm 1.
    """
    return online if rate == 1 else behind + rate * (online - behind)
