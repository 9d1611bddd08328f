"""The lab's convolution against Keras's."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from rlab.export.network import layers_of_ours, network_of
from rlab.nets.convolution import Conv2D
from rlab.nets.saving import load_model, save_model
from tests.rlab.nets.gradients import values_and_gradients


@pytest.mark.parametrize(
    ("height", "width", "size", "stride", "padding"),
    [
        pytest.param(12, 20, 8, 4, "valid", id="in blocks"),
        pytest.param(8, 6, (4, 2), 2, "valid", id="in blocks, the kernel no square"),
        pytest.param(8, 8, 3, 1, "valid", id="no stride"),
        pytest.param(9, 9, 4, 2, "valid", id="sides no multiple of the stride"),
        pytest.param(9, 9, 3, 3, "valid", id="a place for each block"),
        pytest.param(8, 8, 3, 2, "valid", id="kernel no multiple of the stride"),
        pytest.param(8, 8, 4, 2, "same", id="padded"),
        pytest.param(8, 8, 4, (2, 4), "valid", id="two strides"),
    ],
)
def test_values_and_gradients_are_those_of_kerass_layer(precision, height, width, size, stride, padding):
    pictures = tf.cast(tf.random.stateless_normal((5, height, width, 3), (1, 2)), precision.removeprefix("mixed_"))
    ours, theirs = (kind(6, size, stride, padding=padding) for kind in (Conv2D, keras.layers.Conv2D))
    for layer in (ours, theirs):
        layer.build((None, height, width, 3))
        layer.set_weights([kernel := np.asarray(ours.kernel), np.linspace(-1, 1, 6)])
    assert kernel.shape[:2] == ours.kernel_size
    tolerance = {"float32": 1e-5, "mixed_bfloat16": 2e-2}[precision]
    for our, their in zip(values_and_gradients(ours, pictures), values_and_gradients(theirs, pictures), strict=True):
        assert our.dtype == their.dtype
        assert our.shape == their.shape
        largest = tf.reduce_max(tf.abs(tf.cast(their, tf.float32)))
        np.testing.assert_allclose(tf.cast(our, tf.float32), tf.cast(their, tf.float32), atol=tolerance * largest)


@pytest.mark.parametrize(("precision", "strides"), [("float32", 4), ("mixed_bfloat16", 1)], indirect=["precision"])
def test_blocks_are_for_bfloat16(precision, strides):
    layer = Conv2D(6, 8, 4)
    traced = tf.function(lambda pictures: layer(pictures)).get_concrete_function(tf.TensorSpec((2, 16, 16, 3)))
    (convolution,) = (node for node in traced.graph.get_operations() if node.type == "Conv2D")
    assert convolution.get_attr("strides") == [1, strides, strides, 1]


def test_in_groups_it_computes_as_keras_does(precision):
    pictures = tf.random.stateless_normal((2, 8, 8, 4), (1, 2))
    ours, theirs = (kind(6, 4, 2, groups=2) for kind in (Conv2D, keras.layers.Conv2D))
    for layer in (ours, theirs):
        layer.build((None, 8, 8, 4))
        layer.set_weights([np.asarray(ours.kernel), np.zeros(6)])
    np.testing.assert_array_equal(ours(pictures), theirs(pictures))


def test_a_saved_model_of_it_loads(tmp_path):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, Conv2D(2, 4, 2)(inputs))
    save_model(model, tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert isinstance(again.layers[-1], Conv2D)
    np.testing.assert_array_equal(again(np.ones((1, 8, 8, 3))), model(np.ones((1, 8, 8, 3))))


def test_other_programs_are_given_kerass_layer():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Flatten()(Conv2D(2, 4, 2)(inputs)))
    assert layers_of_ours(model) == ["Conv2D"]
    copy = network_of(SimpleNamespace(network=model))
    assert layers_of_ours(copy) == []
    np.testing.assert_allclose(copy(np.ones((1, 8, 8, 3))), model(np.ones((1, 8, 8, 3))), rtol=1e-6)
