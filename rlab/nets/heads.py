"""Heads: what turns an encoder's features into what an agent needs."""

import keras

from rlab.nets.dense import Dense
from rlab.nets.initialisers import fan_in
from rlab.nets.layer_norm import normalised_relu
from rlab.seeding import Seeds


def action_values(
    encoder: keras.Model, hidden_sizes: tuple[int, ...], num_actions: int, seeds: Seeds, *, normalised: bool = False
) -> keras.Model:
    """A Q-network: observations [B, *O] to action values [B, A] float32, by dense layers with ReLU on the encoder.

    If the dense layers are `normalised`, layer normalisation stands before each ReLU.
    Source: Mnih et al. (2015), Methods, "Model architecture" (hidden_sizes = (512,)).
    """
    observation = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype, name="observation")
    features = encoder(observation)
    for number, size in enumerate(hidden_sizes, start=1):
        name = f"head_hidden_{number}"
        activation = None if normalised else "relu"
        features = Dense(size, activation=activation, kernel_initializer=fan_in(seeds, name), name=name)(features)
        if normalised:
            features = normalised_relu(features, name)
    values = keras.layers.Dense(num_actions, kernel_initializer=fan_in(seeds, "values"), dtype="float32", name="values")
    return keras.Model(observation, values(features), name="q_network")
