"""The lab's dense layer against Keras's."""

import keras
import numpy as np
import tensorflow as tf

from rlab import devices
from rlab.nets.dense import Dense
from rlab.nets.saving import load_model, save_model
from tests.rlab.nets.gradients import values_and_gradients


def test_values_and_gradients_are_those_of_kerass_layer(precision):
    inputs = tf.random.stateless_normal((7, 30), (1, 2))
    ours, theirs = Dense(5, activation="relu"), keras.layers.Dense(5, activation="relu")
    for layer in (ours, theirs):
        layer.build((None, 30))
    theirs.set_weights([kernel := np.asarray(ours.kernel), np.linspace(-1, 1, 5)])
    ours.set_weights([kernel, np.linspace(-1, 1, 5)])
    tolerance = {"float32": 1e-5, "mixed_bfloat16": 2e-2}[precision]
    for our, their in zip(values_and_gradients(ours, inputs), values_and_gradients(theirs, inputs), strict=True):
        assert our.dtype == their.dtype
        np.testing.assert_allclose(
            tf.cast(our, tf.float32), tf.cast(their, tf.float32), atol=tolerance * np.abs(their).max()
        )


def test_a_saved_model_of_it_loads(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, Dense(2)(inputs))
    save_model(model, tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert isinstance(again.layers[-1], Dense)
    np.testing.assert_array_equal(again(np.ones((1, 3))), model(np.ones((1, 3))))


def test_the_graph_of_a_network_is_the_same_whenever_it_is_traced():
    inputs = keras.Input((3,), name="observation")
    model = keras.Model(inputs, Dense(2, name="values")(inputs))
    assert devices.graph_of(model) == devices.graph_of(model)
