"""Layer normalisation, which holds the values of a network in bounds."""

from typing import Any

import keras


def normalised_relu(signal: Any, name: str) -> Any:
    """ReLU on the output of the layer `name`, which has none of its own, normalised; see `normalised_relu_layers`."""
    for layer in normalised_relu_layers(name):
        signal = layer(signal)
    return signal


def normalised_relu_layers(name: str) -> list[keras.layers.Layer]:
    """What makes that of the output of the layer `name`: it is normalised over its units (the last axis) first.

    A filter of a convolution is a unit, so that each place of an image is normalised by itself. The signal is
    multiplied by a gain and moved by an offset, which are learnt for each unit.
    Source: Ba et al. (2016), Layer Normalization, equation 4; over filters alone, and the offset of 1e-6 in the
    denominator, as in Gallici et al. (2025), Simplifying Deep Temporal Difference Learning.
    """
    normalisation = keras.layers.LayerNormalization(epsilon=1e-6, name=f"{name}_normalised")
    return [normalisation, keras.layers.Activation("relu", name=f"{name}_relu")]
