"""Encoders and heads: what they take and give, how large they are, and where their weights come from."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from rlab.nets.encoders import make_encoder, mlp, nature
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.layer_norm import NormalisedRelu, normalised_relu
from rlab.seeding import Seeds
from rlab.spaces import check_encoder, fits_nature
from rlab.types import FrameStack, UserError

SCREENS = FrameStack(84, 84, 4)
VECTOR = spaces.Box(-np.inf, np.inf, (5,), np.float32)


@pytest.fixture
def mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy("float32")


def batch_of(space, size=3):
    space.seed(0)
    return np.stack([space.sample() for _ in range(size)])


def weights_equal(left, right):
    return [np.array_equal(*pair) for pair in zip(left.get_weights(), right.get_weights(), strict=True)]


def test_the_nature_encoder_is_that_of_the_paper():
    encoder = nature(SCREENS, Seeds(0))
    features = encoder(batch_of(SCREENS))
    # 84 -> (84 - 8) / 4 + 1 = 20 -> (20 - 4) / 2 + 1 = 9 -> 9 - 3 + 1 = 7; 7 * 7 * 64 = 3136
    assert (features.shape, features.dtype) == ((3, 3136), "float32")
    # (8 * 8 * 4 + 1) * 32 + (4 * 4 * 32 + 1) * 64 + (3 * 3 * 64 + 1) * 64 = 8224 + 32832 + 36928
    assert encoder.count_params() == 77_984
    assert encoder.input.dtype == "uint8"
    assert (features.numpy() >= 0).all()


def test_the_nips_encoder_is_that_of_the_paper():
    encoder = make_encoder("nips", SCREENS, (), Seeds(0))
    # 84 -> (84 - 8) / 4 + 1 = 20 -> (20 - 4) / 2 + 1 = 9; 9 * 9 * 32 = 2592
    assert encoder(batch_of(SCREENS)).shape == (3, 2592)
    # (8 * 8 * 4 + 1) * 16 + (4 * 4 * 16 + 1) * 32
    assert encoder.count_params() == 4_112 + 8_224
    # a gain and an offset for each filter
    assert make_encoder("nips", SCREENS, (), Seeds(0), normalised=True).count_params() == 4_112 + 8_224 + 2 * (16 + 32)


def test_images_fit_the_nips_encoder_as_long_as_they_leave_it_a_pixel():
    smallest, smaller = (spaces.Box(0, 255, (20, width, 3), np.uint8) for width in (20, 19))
    check_encoder("nips", smallest)
    assert make_encoder("nips", smallest, (), Seeds(0)).output.shape == (None, 32)  # 20 -> 4 -> 1
    with pytest.raises(UserError, match="of 20 pixels a side or more"):
        check_encoder("nips", smaller)


def test_the_book_pads_the_same_convolutions():
    screens = spaces.Box(0, 255, (88, 80, 1), np.uint8)
    encoder = nature(screens, Seeds(0), "same")
    # 88 / 4 / 2 = 11 and 80 / 4 / 2 = 10; 11 * 10 * 64 = 7040
    assert encoder(batch_of(screens)).shape == (3, 7040)
    # (8 * 8 * 1 + 1) * 32 + (4 * 4 * 32 + 1) * 64 + (3 * 3 * 64 + 1) * 64
    assert encoder.count_params() == 2_080 + 32_832 + 36_928


def test_the_q_network_of_the_paper():
    network = q_network(nature(SCREENS, Seeds(0)), ValueHead((512,), 9, Seeds(0)))
    values = network(batch_of(SCREENS))
    assert (values.shape, values.dtype) == ((3, 9), "float32")
    # the encoder, then (3136 + 1) * 512 + (512 + 1) * 9 = 1606144 + 4617
    assert network.count_params() == 77_984 + 1_606_144 + 4_617


def test_the_nature_encoder_sees_pixels_from_zero_to_one():
    encoder = nature(SCREENS, Seeds(0))
    white = keras.Model(encoder.input, encoder.layers[1].output)(np.full((1, 84, 84, 4), 255, np.uint8))
    np.testing.assert_allclose(white, np.ones((1, 84, 84, 4)), rtol=1e-6)


def test_images_fit_the_nature_encoder_as_long_as_they_leave_it_a_pixel():
    smallest, smaller = (spaces.Box(0, 255, (36, width, 3), np.uint8) for width in (36, 35))
    assert fits_nature(smallest)
    assert nature(smallest, Seeds(0)).output.shape == (None, 64)  # 36 -> 8 -> 3 -> 1
    assert not fits_nature(smaller)
    with pytest.raises(ValueError, match="negative"):
        nature(smaller, Seeds(0))


@pytest.mark.parametrize(
    ("space", "inputs"),
    [
        (VECTOR, 5),
        (spaces.Box(-1, 1, (2, 3), np.float64), 6),
        (spaces.Box(0, 255, (4, 4, 3), np.uint8), 48),
        (spaces.Box(0, 255, (7,), np.uint8), 7),
        (spaces.Box(-9, 9, (3,), np.int64), 3),
        (spaces.Box(-1, 1, (), np.float32), 1),
        (spaces.Discrete(11), 11),
    ],
)
@pytest.mark.parametrize("sizes", [(), (8,), (8, 4)])
def test_an_mlp_takes_any_observation(space, inputs, sizes):
    encoder = mlp(space, sizes, Seeds(0))
    features = encoder(batch_of(space))
    assert (features.shape, features.dtype) == ((3, sizes[-1] if sizes else inputs), "float32")
    widths = [inputs, *sizes]
    assert encoder.count_params() == sum((n + 1) * m for n, m in pairwise(widths))


def test_a_discrete_observation_is_seen_as_its_one_hot_code():
    encoder = mlp(spaces.Discrete(4), (), Seeds(0))
    assert encoder(np.array([2, 0, 3])).numpy().tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]


def test_a_small_image_is_seen_from_zero_to_one():
    space = spaces.Box(0, 255, (1, 2, 1), np.uint8)
    features = mlp(space, (), Seeds(0))(np.array([[[[0], [255]]]], np.uint8))
    np.testing.assert_allclose(features, [[0, 1]], rtol=1e-6)


@pytest.mark.parametrize("hidden_sizes", [(), (6,), (6, 7)])
def test_a_head_has_the_layers_it_is_told(hidden_sizes):
    network = q_network(mlp(VECTOR, (8,), Seeds(0)), ValueHead(hidden_sizes, 3, Seeds(0)))
    assert network(batch_of(VECTOR)).shape == (3, 3)
    widths = [5, 8, *hidden_sizes, 3]
    assert network.count_params() == sum((n + 1) * m for n, m in pairwise(widths))


def test_hidden_layers_bend_and_the_last_one_does_not():
    """What is straight has the mean of its values at x and -x in the middle between them."""

    def bends(*hidden_sizes):
        network = q_network(mlp(VECTOR, (), Seeds(0)), ValueHead(hidden_sizes, 3, Seeds(0)))
        x = batch_of(VECTOR)
        return np.abs(network(x) + network(-x) - 2 * network(0 * x)).max() > 1e-4

    assert bends(6)
    assert not bends()
    assert (mlp(VECTOR, (6,), Seeds(0))(batch_of(VECTOR, 20)).numpy() >= 0).all()


def test_action_values_can_be_negative():
    network = q_network(mlp(VECTOR, (8,), Seeds(0)), ValueHead((6,), 3, Seeds(0)))
    assert network(batch_of(VECTOR, 20)).numpy().min() < 0


def make(kind, seed):
    encoder = nature(FrameStack(36, 36, 2), Seeds(seed)) if kind == "nature" else mlp(VECTOR, (8, 8), Seeds(seed))
    return q_network(encoder, ValueHead((8, 8), 3, Seeds(seed)))


@pytest.mark.parametrize("kind", ["nature", "mlp"])
def test_weights_belong_to_the_seed(kind):
    first = make(kind, 1)
    keras.utils.set_random_seed(5)
    assert all(weights_equal(first, make(kind, 1)))
    kernels = [weight.path.endswith("kernel") for weight in first.weights]
    assert sum(kernels) >= 5
    assert [not equal for equal in weights_equal(first, make(kind, 2))] == kernels


def test_layers_of_the_same_shape_have_different_weights():
    kernels = [weight for weight in make("mlp", 1).get_weights() if weight.shape == (8, 8)]
    assert len(kernels) == 3
    assert len({kernel.tobytes() for kernel in kernels}) == 3


def test_weights_begin_within_one_over_the_root_of_the_inputs():
    encoder = nature(SCREENS, Seeds(0))
    for name, inputs in [("convolution_1", 8 * 8 * 4), ("convolution_2", 4 * 4 * 32), ("convolution_3", 3 * 3 * 64)]:
        kernel, bias = encoder.get_layer(name).get_weights()
        bound = inputs**-0.5
        assert 0.99 * bound < abs(kernel).max() <= bound
        assert kernel.std() == pytest.approx(bound / 3**0.5, rel=0.05)  # of a uniform distribution
        assert not bias.any()


@pytest.mark.usefixtures("mixed_precision")
@pytest.mark.parametrize("kind", ["nature", "mlp"])
def test_mixed_precision_computes_in_bfloat16_and_gives_and_keeps_float32(kind):
    network = make(kind, 0)
    encoder = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    layer = encoder.get_layer("convolution_2" if kind == "nature" else "hidden_2")
    assert layer.output.dtype == "bfloat16"
    assert encoder.output.dtype == "float32"
    observations = batch_of(FrameStack(36, 36, 2) if kind == "nature" else VECTOR)
    assert encoder(observations).dtype == network(observations).dtype == "float32"
    assert {weight.dtype for weight in network.weights} == {"float32"}


def test_a_layer_is_normalised_over_its_units_before_the_relu():
    # mean 3, squared distances 4, 1, 0 and 9 with mean 3.5, whose root is 1.8708287: -2, -1, 0 and 3 over that, the
    # negative ones cut; then the same with a gain of 2 and an offset of 1, of which 2 * -1 / 1.8708287 + 1 is below 0
    units = keras.Input((4,))
    network = keras.Model(units, normalised_relu(units, "layer"))
    signal = np.array([[1, 2, 3, 6], [10, 20, 30, 60]], np.float32)
    np.testing.assert_allclose(network(signal), [[0, 0, 0, 1.6035675]] * 2, rtol=1e-5)
    network.set_weights([np.full(4, 2, np.float32), np.full(4, 1, np.float32)])
    np.testing.assert_allclose(network(signal), [[0, 0, 1, 4.2071349]] * 2, rtol=1e-5)


def test_each_place_of_an_image_is_normalised_by_itself():
    places = keras.Input((1, 2, 2))
    network = keras.Model(places, normalised_relu(places, "layer"))
    # of 1 and 3: mean 2, deviation 1; of 50 and 10: mean 30, deviation 20
    np.testing.assert_allclose(network(np.array([[[[1, 3], [50, 10]]]], np.float32)), [[[[0, 1], [1, 0]]]], atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("places", [(), (3, 2)], ids=["units", "an image"])
def test_in_training_a_signal_is_normalised_as_in_acting_and_so_are_its_gradients(precision, places):
    keras.mixed_precision.set_global_policy(precision)
    try:
        layer = NormalisedRelu(name="layer_normalised")
        layer.build((None, *places, 5))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(1, 0.3, 5), random.normal(0, 0.3, 5)])
    signal = tf.cast(random.normal(size=(4, *places, 5)) * 3 + 1, layer.compute_dtype)
    weight = tf.cast(random.normal(size=signal.shape), layer.compute_dtype)
    found = []
    for training in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(signal)
            output = layer(signal, training=training)
            total = tf.reduce_sum(output * weight)
        gradients = tape.gradient(total, [signal, *layer.trainable_variables])
        found.append([np.asarray(tf.cast(one, tf.float32)) for one in (output, *gradients)])
    tolerance = 1e-5 if precision == "float32" else 0.06
    for compiled, plain in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=tolerance, atol=tolerance)
    assert output.dtype == layer.compute_dtype
    assert 0.2 < np.mean(found[0][0] == 0) < 0.8


def normalised(kind):
    """A network with layer normalisation, and its layers with weights by name."""
    space = SCREENS if kind == "nature" else VECTOR
    encoder = make_encoder(kind, space, (8, 8), Seeds(1), normalised=True)
    network = q_network(encoder, ValueHead((8,), 3, Seeds(1), normalised=True))
    return network, [layer.name for layer in [*encoder.layers, *network.layers] if layer.weights and layer != encoder]


@pytest.mark.parametrize("kind", ["nature", "mlp"])
def test_every_hidden_layer_is_normalised_and_the_values_are_not(kind):
    network, names = normalised(kind)
    seen = [f"convolution_{n}" for n in (1, 2, 3)] if kind == "nature" else ["hidden_1", "hidden_2"]
    assert names == [part for name in [*seen, "head_hidden_1"] for part in (name, f"{name}_normalised")] + ["values"]
    assert network(batch_of(SCREENS if kind == "nature" else VECTOR)).shape == (3, 3)


def test_the_size_of_a_signal_does_not_matter_to_a_normalised_network():
    network, _ = normalised("mlp")
    seen = batch_of(VECTOR)
    np.testing.assert_allclose(network(1000 * seen), network(seen), rtol=1e-3, atol=1e-5)


def test_with_normalisation_layers_begin_with_the_weights_that_they_have_without():
    with_it, without = normalised("mlp")[0], q_network(mlp(VECTOR, (8, 8), Seeds(1)), ValueHead((8,), 3, Seeds(1)))
    kernels = [[weight for weight in network.get_weights() if weight.ndim > 1] for network in (with_it, without)]
    assert len(kernels[0]) == 4
    for one, other in zip(*kernels, strict=True):
        np.testing.assert_array_equal(one, other)
