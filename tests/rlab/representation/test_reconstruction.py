"""How reconstructions are judged, against sums by hand, and drawing itself."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from rlab.nets.encoders import make_encoder
from rlab.representation import methods, pictures, pretraining, reconstruction
from rlab.representation.methods import FitConfig
from rlab.seeding import Seeds
from rlab.tensorboard import EventFile
from rlab.types import FrameStack
from tests.rlab.representation import made_up, moving


def test_boxes_are_half_open_and_none_is_nowhere():
    boxes = np.array([[[0, 1, 2, 3], [-1, -1, -1, -1]], [[1, 1, 2, 2], [1, 2, 2, 3]]])
    expected = [[[0, 1, 1], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 1, 1], [0, 0, 0]]]
    assert reconstruction.in_boxes(boxes, (3, 3)).astype(int).tolist() == expected


def test_errors_are_means_over_games_of_the_newest_frame_alone():
    frames = np.zeros((5, 6, 5), np.uint8)
    games = made_up.make([2, 1], ["train", "test"], frames=frames)
    boxes = np.tile(np.array([0, 0, 1, 2]), (5, 1, 1))

    def draw(observations):
        """0.5 in the first of its 30 pixels, 0.1 in another that is in no box; older frames do not count."""
        drawn = np.full(observations.shape, 9.0, np.float32)
        drawn[..., -1] = 0
        drawn[:, 0, 0, -1], drawn[:, 5, 4, -1] = 0.5, 0.1
        return drawn

    found = reconstruction._errors(games, np.array([0, 1, 3]), boxes, draw)
    assert found["error"] == pytest.approx([(0.25 + 0.01) / 30] * 3)
    assert found["error_in_sprites"] == pytest.approx([0.25 / 2] * 3)


def test_principal_components_draw_what_lies_in_few_dimensions():
    """All games together lie in two, so that two components miss nothing and one misses some."""
    random = np.random.default_rng(0)
    basis = random.uniform(size=(2, 30)) < 0.5
    frames = (60 * (random.uniform(size=(40, 2)) @ basis)).astype(np.uint8).reshape(40, 6, 5)
    games = made_up.make([19, 19], ["train", "test"], frames=frames)
    steps = games.steps("test")
    few, many = (reconstruction._errors(games, steps, None, reconstruction._pca(games, k))["error"][0] for k in (1, 19))
    assert many < 0.3 * few


def test_a_sheet_shows_what_was_seen_above_what_was_drawn():
    seen = np.zeros((3, 4, 5, 2), np.uint8)
    seen[..., -1] = 255
    encoded, height, width = reconstruction.sheet(seen, np.zeros((3, 4, 5, 2), np.float32))
    picture = np.asarray(Image.open(io.BytesIO(encoded)))
    assert picture.shape == (height, width)
    upper, lower = np.split(picture, 2)
    assert upper.max() == 255
    assert lower.max() == 0


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("nature", 1),  # 36 -> 8 -> 3 -> 1
        ("nips", 3),  # 36 -> 8 -> 3
        ("impala", 5),  # 36 -> 18 -> 9 -> 5, and back 10 of which 9 are taken, 18, 36
        ("book", 5),  # 36 -> 9 -> 5 -> 5, and back 5, 10 of which 9 are taken, 36
    ],
)
def test_the_median_picture_is_drawn_before_anything_is_learnt(kind, size):
    games = moving.pictures()
    look = pictures.look(games)
    encoder = make_encoder(kind, games.observation_space, (), Seeds(0))
    code = pictures.squeeze(encoder, 3, "code")
    assert code.shape[1:] == (size, size, 3)
    model = keras.Model(encoder.input, pictures.draw(code, encoder, look))
    seen = games.observations(games.steps("test")[:4])
    assert model(seen).shape == seen.shape
    np.testing.assert_allclose(model(seen), np.broadcast_to(look.middle, seen.shape), atol=0.05)


def test_the_residual_network_is_mirrored_section_by_section():
    encoder = make_encoder("impala", FrameStack(84, 84, 4), (), Seeds(0))
    code = pictures.squeeze(encoder, 3, "code")
    look = pictures.Look(np.zeros((84, 84, 4), np.float32), np.ones((84, 84, 4), np.float32), 255.0)
    decoder = keras.Model(code, pictures.draw(code, encoder, look))
    drawn = [layer.output.shape[1:] for layer in decoder.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    assert drawn == [(22, 22, 32), (42, 42, 16), (84, 84, 4)]
    # 3 * 32 + 32 of the code, 3 * 3 * (32 * 32, 16 * 32, 4 * 16) and the biases
    assert decoder.count_params() == 128 + 9_216 + 32 + 4_608 + 16 + 576 + 4


def test_the_code_is_of_all_that_the_residual_network_sees():
    """Also of what leads past its blocks: without it, what they add to it would be all."""
    encoder = make_encoder("impala", FrameStack(12, 12, 1), (), Seeds(0))
    code = keras.Model(encoder.input, pictures.squeeze(encoder, 3, "code"))
    for layer in encoder.layers:
        if "block" in layer.name and layer.weights:
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    seen = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 1), np.uint8)
    assert np.ptp(code(seen)) > 0


def test_vectors_are_drawn_in_their_own_spread():
    games = moving.vectors()
    look = pictures.look(games)
    seen = games.observations(games.steps("train"))
    np.testing.assert_allclose(look.middle, seen.mean(axis=0), rtol=1e-4)
    loss = pictures.error(look, emphasis=5.0)
    # One spread off in one of three numbers.
    drawn = seen[:2] + np.array([1, 0, 0]) * look.spread
    np.testing.assert_allclose(loss(seen[:2], drawn), [1 / 3, 1 / 3], rtol=1e-3)


def test_pixels_that_differ_from_the_median_count_more():
    look = pictures.Look(np.full((2, 2, 1), 0.5, np.float32), np.ones((2, 2, 1), np.float32), 255.0)
    seen = np.array([[[[255], [128]], [[128], [128]]]], np.uint8)
    drawn = seen / np.float32(255) + np.array([[[[0.1], [0.2]], [[0], [0]]]], np.float32)
    # The first pixel differs, and counts 1 + 3 times; four pixels in all.
    np.testing.assert_allclose(pictures.error(look, emphasis=3.0)(seen, drawn), [(4 * 0.01 + 0.04) / 4], rtol=1e-4)


def test_an_autoencoder_finds_the_square_in_games_that_it_has_not_seen(tmp_path):
    """Better than as many principal components: where a square is takes two numbers, but no plane holds all squares."""
    games = moving.pictures(games=30)
    keras.utils.set_random_seed(0)
    encoder = make_encoder("nature", games.observation_space, (), Seeds(0))
    method = methods.find("autoencoder")
    task = method.make(method.Config(code_size=8), encoder, games, Seeds(0))
    pretraining.fit(task, games, FitConfig(epochs=40, patience=40, batch_size=32), EventFile(tmp_path), seed=0)
    found = pretraining.compare_drawn(task, games)
    assert found["error_in_sprites"][2] < found["pca_error_in_sprites"][1]
