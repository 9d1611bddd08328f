"""The least time that an update can take on this machine: its arithmetic, and the memory that Adam goes through."""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

_ROUNDS = 8
_MATRIX_SIZE = 2048
_VECTOR_SIZE = 2**25  # two of 128 MB, beyond the caches
# Adam reads the weight, the gradient and both moments, and writes all but the gradient; float32.
_ADAM_BYTES = 7 * 4


class Machine(NamedTuple):
    """What this machine can do at best."""

    multiply_adds_per_s: float  # float32
    bytes_per_s: float  # read and written


def measure_machine() -> Machine:
    """The rates of TensorFlow's largest operations on all threads: the best of several rounds."""
    matrix = tf.random.normal((_MATRIX_SIZE, _MATRIX_SIZE))
    vector = tf.Variable(tf.zeros(_VECTOR_SIZE))
    addend = tf.ones(_VECTOR_SIZE)
    product_seconds = _best_seconds(lambda: tf.matmul(matrix, matrix))
    sum_seconds = _best_seconds(lambda: vector.assign_add(addend))
    return Machine(_MATRIX_SIZE**3 / product_seconds, 3 * 4 * _VECTOR_SIZE / sum_seconds)  # two read, one written


def act_ms(network: keras.Model, machine: Machine) -> float:
    """Milliseconds of arithmetic in a forward pass on one observation."""
    return 1000 * sum(_multiply_adds(network)) / machine.multiply_adds_per_s


def update_ms(network: keras.Model, batch_size: int, machine: Machine, *, forward_passes: int) -> float:
    """Milliseconds of an update: a batch forward and backward, and what else goes forward (successors, in Q-learning).

    Backward costs a product for the gradient of the weights and one for that of the inputs, which the first layer does
    without.
    """
    layers = list(_multiply_adds(network))
    arithmetic = batch_size * ((forward_passes + 2) * sum(layers) - layers[0]) / machine.multiply_adds_per_s
    return 1000 * (arithmetic + int(network.count_params()) * _ADAM_BYTES / machine.bytes_per_s)


def _multiply_adds(network: keras.Model) -> Iterator[int]:
    """Multiply-adds of each layer on one observation: its kernel's, at every place of its output [B, *places, C]."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _multiply_adds(layer)
        elif hasattr(layer, "kernel"):
            yield int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1]))


def _best_seconds(operation: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
