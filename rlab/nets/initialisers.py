"""How weights start, each layer from a random stream of its own."""

import keras

from rlab.seeding import Seeds


def fan_in(seeds: Seeds, name: str) -> keras.initializers.Initializer:
    """Uniform within 1 / sqrt(inputs of a unit), as DQN's original implementation in Torch began.

    Source: LeCun et al. (1998), Efficient BackProp, section 4.6, with the factor that Torch chose.
    """
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seeds.integer(f"weights {name}"))
