"""The residual network of IMPALA: deeper than Nature's, and several times as slow."""

from typing import Any

import keras
from gymnasium import spaces

from rlab.nets.initialisers import Start, fan_in
from rlab.nets.layer_norm import normalised_relu
from rlab.seeding import Seeds

_CHANNELS = (16, 32, 32)  # of each section
_BLOCKS = 2  # in each of them


def impala(space: spaces.Space[Any], seeds: Seeds, start: Start = fan_in, *, normalised: bool = False) -> keras.Model:
    """Three sections of a convolution, a pooling and two residual blocks, flattened: D = 3872 for 84x84.

    The space is one of images, of whatever size. A section halves it, rounding up. If it is `normalised`, layer
    normalisation stands before each ReLU, so never on the way that leads past the blocks.
    Source: Espeholt et al. (2018), IMPALA, figure 3 (right); the dense layer behind it is a head's.
    """
    image = keras.Input(space.shape, dtype="uint8", name="observation")
    signal = keras.layers.Rescaling(1 / 255)(image)

    def convolution(signal: Any, channels: int, name: str) -> Any:
        layer = keras.layers.Conv2D(channels, 3, padding="same", kernel_initializer=start(seeds, name), name=name)
        return layer(signal)

    def relu(signal: Any, name: str) -> Any:
        if normalised:
            return normalised_relu(signal, name)
        return keras.layers.Activation("relu", name=f"{name}_relu")(signal)

    for section, channels in enumerate(_CHANNELS, start=1):
        name = f"section_{section}"
        signal = convolution(signal, channels, f"{name}_convolution")
        signal = keras.layers.MaxPooling2D(3, 2, padding="same", name=name)(signal)
        for block in range(1, _BLOCKS + 1):
            past, before = signal, name
            name = f"section_{section}_block_{block}"
            signal = convolution(relu(signal, before), channels, f"{name}_convolution_1")
            signal = convolution(relu(signal, f"{name}_convolution_1"), channels, f"{name}_convolution_2")
            signal = keras.layers.Add(name=name)([past, signal])
    features = keras.layers.Flatten(dtype="float32")(relu(signal, name))
    return keras.Model(image, features, name="impala_encoder")
