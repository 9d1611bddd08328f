"""How weights start, each layer from a random stream of its own."""

import math
from collections.abc import Callable

import keras

from rlab.seeding import Seeds

Start = Callable[[Seeds, str], keras.initializers.Initializer]  # of the weights of the layer of a name


def fan_in(seeds: Seeds, name: str) -> keras.initializers.Initializer:
    """Uniform within 1 / sqrt(inputs of a unit), as DQN's original implementation in Torch began.

    Source: LeCun et al. (1998), Efficient BackProp, section 4.6, with the factor that Torch chose.
    """
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seeds.integer(f"weights {name}"))


def orthogonal(seeds: Seeds, name: str, gain: float) -> keras.initializers.Initializer:
    """Orthogonal weights times `gain`, as actor-critics usually begin.

    Source: Saxe et al. (2014), Exact solutions to the nonlinear dynamics of learning; Andrychowicz et al. (2021), What
    Matters for On-Policy Deep Actor-Critic Methods?, section 3.2, for a small gain in the last layer of a policy.
    """
    return keras.initializers.Orthogonal(gain, seed=seeds.integer(f"weights {name}"))


def relu_orthogonal(seeds: Seeds, name: str) -> keras.initializers.Initializer:
    """Orthogonal weights for a layer with ReLU, which lets half of its variance through."""
    return orthogonal(seeds, name, math.sqrt(2))
