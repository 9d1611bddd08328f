"""The residual network: its size, what goes through it, and what it is normalised by."""

import keras
import numpy as np
import pytest
from gymnasium import spaces

from rlab.nets.encoders import make_encoder
from rlab.nets.impala import impala
from rlab.nets.initialisers import relu_orthogonal
from rlab.nets.layer_norm import NormalisedRelu
from rlab.nets.saving import load_model, save_model
from rlab.seeding import Seeds
from rlab.spaces import check_encoder
from rlab.types import FrameStack, UserError

SCREENS = FrameStack(84, 84, 4)
SMALL = spaces.Box(0, 255, (10, 12, 3), np.uint8)
SEEN = np.random.default_rng(0).integers(0, 256, (2, 10, 12, 3), np.uint8)


def convolutions(encoder):
    return [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]


def test_it_is_that_of_the_paper():
    encoder = make_encoder("impala", SCREENS, (), Seeds(0))
    # 84 -> 42 -> 21 -> 11; 11 * 11 * 32 = 3872
    assert encoder.output.shape == (None, 3872)
    assert encoder.input.dtype == "uint8"
    # (9 * 4 + 1) * 16 and 4 * (9 * 16 + 1) * 16; (9 * 16 + 1) * 32 and 4 * (9 * 32 + 1) * 32; 5 * (9 * 32 + 1) * 32
    assert encoder.count_params() == (592 + 9_280) + (4_640 + 36_992) + 46_240
    # --freeze takes them in the order in which they see
    assert [layer.name for layer in encoder.layers if layer.weights] == [
        name
        for section in ("section_1", "section_2", "section_3")
        for name in (
            f"{section}_convolution",
            *(f"{section}_block_{block}_convolution_{number}" for block in (1, 2) for number in (1, 2)),
        )
    ]


def pool(pictures):
    """The largest of each 3x3 pixels, two apart; at an edge, of those that there are."""
    batch, height, width, channels = pictures.shape
    found = np.full((batch, (height + 1) // 2, (width + 1) // 2, channels), -np.inf)
    for i, j in np.ndindex(found.shape[1:3]):
        top, left = (
            2 * i - height % 2,
            2 * j - width % 2,
        )  # odd sizes begin one pixel outside
        found[:, i, j] = pictures[:, max(top, 0) : top + 3, max(left, 0) : left + 3].max(axis=(1, 2))
    return found


def convolve(pictures, layer):
    kernel, bias = layer.get_weights()
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)))
    found = np.zeros((*pictures.shape[:3], kernel.shape[-1]))
    for i, j in np.ndindex(found.shape[1:3]):
        found[:, i, j] = np.tensordot(padded[:, i : i + 3, j : j + 3], kernel, 3) + bias
    return found


def test_features_are_those_of_the_paper():
    encoder = impala(SMALL, Seeds(0), relu_orthogonal)
    signal, layers = SEEN / 255, iter(convolutions(encoder))
    for _ in range(3):
        signal = pool(convolve(signal, next(layers)))
        for _ in range(2):
            inner = convolve(np.maximum(signal, 0), next(layers))
            signal = signal + convolve(np.maximum(inner, 0), next(layers))
    expected = np.maximum(signal, 0).reshape(2, -1)
    assert expected.shape == (2, 2 * 2 * 32)
    np.testing.assert_allclose(encoder(SEEN), expected, rtol=1e-3, atol=1e-4)


def test_each_relu_is_normalised_and_what_leads_past_the_blocks_is_not():
    encoder = make_encoder("impala", SMALL, (), Seeds(1), normalised=True)
    plain = make_encoder("impala", SMALL, (), Seeds(1))
    relus = [layer.name.removesuffix("_relu") for layer in plain.layers if layer.name.endswith("_relu")]
    assert len(relus) == len(set(relus)) == 3 * 4 + 1
    normalised = [layer.name for layer in encoder.layers if isinstance(layer, NormalisedRelu)]
    assert normalised == [f"{name}_normalised" for name in relus]
    assert encoder.count_params() == plain.count_params() + 2 * (4 * 16 + 9 * 32)
    for one, other in zip(convolutions(encoder), convolutions(plain), strict=True):
        np.testing.assert_array_equal(one.kernel, other.kernel)
    features = encoder(SEEN).numpy().reshape(2, 2, 2, 32)  # before the last ReLU of mean 0 and deviation 1
    assert 0 < features.min(initial=9, where=features > 0) < 1 < features.max()


def test_it_sees_images_of_any_size_and_nothing_else():
    for side in (1, 2, 35):
        space = spaces.Box(0, 255, (side, side, 1), np.uint8)
        check_encoder("impala", space)
        assert impala(space, Seeds(0)).output.shape == (None, 32 * (-(-side // 8)) ** 2)
    for space in (spaces.Box(-1, 1, (4,), np.float32), spaces.Box(0, 1, (40, 40, 3), np.float32), spaces.Discrete(5)):
        with pytest.raises(UserError, match=r"received observations .*, allowed are images \[H, W, C\]; choose"):
            check_encoder("impala", space)


def test_what_is_saved_is_loaded_bit_for_bit(precision, tmp_path):
    encoder = impala(SMALL, Seeds(3), normalised=True)
    assert convolutions(encoder)[-1].output.dtype == precision.removeprefix("mixed_")
    assert encoder.output.dtype == "float32"
    save_model(encoder, tmp_path / "encoder.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "encoder.keras")(SEEN), encoder(SEEN))
