"""The features that probes compare: an encoder's, those of a network that has learnt nothing, principal components."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from rlab.nets.encoders import make_encoder
from rlab.representation import features
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError
from tests.rlab.representation.made_up import PICTURES, VECTORS, make

GAMES = make([400, 80, 90], ["train", "validation", "test"])
MOMENTS = {part: GAMES.steps(part) for part in ("train", "validation", "test")}
NATURE = FrameStack(40, 40, 4)


@pytest.fixture(scope="module")
def encoder():
    return make_encoder("mlp", PICTURES, (24, 12), Seeds(1))


def test_features_are_those_of_the_encoder_over_their_deviation_in_the_training_games(encoder):
    raw = {part: np.asarray(encoder(GAMES.observations(moments))) for part, moments in MOMENTS.items()}
    varies = raw["train"].std(axis=0) > 0
    found = features.encoded(encoder, GAMES, MOMENTS)
    for part, each in found.items():
        expected = (raw[part] - raw["train"].mean(axis=0))[:, varies] / raw["train"].std(axis=0)[varies]
        np.testing.assert_allclose(each[:, varies], np.clip(expected, -10, 10), rtol=1e-3, atol=1e-4)
        assert (each.dtype, each.shape) == (np.float32, (len(MOMENTS[part]), 12))
        assert not each[:, ~varies].any()


def test_a_unit_that_is_hardly_ever_active_is_cut():
    """It is active at one of 400 moments of training, where it is 20 deviations from its mean."""
    inputs = keras.Input((2,))
    found = make([400, 5], ["train", "test"], space=VECTORS, frames=np.zeros((407, 2), np.float32))
    found.frames[7, 0] = 1
    moments = {"train": found.steps("train"), "test": found.steps("test")}
    seen = features.encoded(keras.Model(inputs, keras.layers.Identity()(inputs)), found, moments)
    assert seen["train"].max() == 10
    assert not seen["train"][:, 1].any()


def test_features_that_are_no_numbers_are_told():
    broken = make_encoder("mlp", PICTURES, (4,), Seeds(1))
    broken.set_weights([np.full_like(weight, np.nan) for weight in broken.get_weights()])
    with pytest.raises(UserError, match="mlp_encoder cannot be probed: some of its features are not finite"):
        features.encoded(broken, GAMES, MOMENTS)


@pytest.mark.parametrize(("kind", "space"), [("nature", NATURE), ("mlp", PICTURES), ("mlp", VECTORS)])
def test_a_network_that_has_learnt_nothing_begins_as_the_labs_encoders(kind, space):
    learnt = make_encoder(kind, space, (16, 8), Seeds(1))
    learnt.set_weights([weight + 1 for weight in learnt.get_weights()])
    before = learnt.get_weights()
    found = features.untrained(learnt, seed=5)
    expected = make_encoder(kind, space, (16, 8), Seeds(Seeds(5).integer("untrained")))
    assert features.shape_of(found) == features.shape_of(learnt) == features.shape_of(expected)
    assert all(map(np.array_equal, found.get_weights(), expected.get_weights()))
    assert all(map(np.array_equal, learnt.get_weights(), before))
    agents_own = make_encoder(kind, space, (16, 8), Seeds(5))
    assert not np.array_equal(agents_own.get_weights()[0], found.get_weights()[0])
    assert not np.array_equal(features.untrained(learnt, seed=6).get_weights()[0], found.get_weights()[0])


def test_encoders_of_different_sizes_have_different_shapes(encoder):
    assert features.shape_of(make_encoder("mlp", PICTURES, (24, 12), Seeds(2))) == features.shape_of(encoder)
    assert features.shape_of(make_encoder("mlp", PICTURES, (12, 12), Seeds(1))) != features.shape_of(encoder)


def test_principal_components_are_those_of_scikit_learn_but_for_their_sign_and_one_number():
    found = features.principal_components(GAMES, MOMENTS, 20)
    flat = {part: GAMES.observations(moments).reshape(len(moments), -1) for part, moments in MOMENTS.items()}
    pca = PCA(20).fit(flat["train"])
    scale = np.sqrt(pca.explained_variance_.mean() * (len(flat["train"]) - 1) / len(flat["train"]))
    for part, each in found.items():
        assert (each.dtype, each.shape) == (np.float32, (len(MOMENTS[part]), 20))
        np.testing.assert_allclose(np.abs(each), np.abs(pca.transform(flat[part])) / scale, rtol=2e-2, atol=2e-2)
    assert np.square(found["train"]).mean() == pytest.approx(1, rel=1e-3)


def test_there_are_no_more_components_than_training_moments_have():
    few = {**MOMENTS, "train": MOMENTS["train"][:30]}
    assert features.principal_components(GAMES, few, 50)["test"].shape[1] == 29  # the mean takes one
    twice = {**MOMENTS, "train": np.repeat(MOMENTS["train"][:10], 3)}
    assert features.principal_components(GAMES, twice, 50)["test"].shape[1] == 9


def test_test_games_do_not_move_the_components():
    found = features.principal_components(GAMES, MOMENTS, 10)
    swapped = features.principal_components(GAMES, {**MOMENTS, "test": MOMENTS["train"]}, 10)
    np.testing.assert_array_equal(swapped["train"], found["train"])
    np.testing.assert_allclose(swapped["test"], found["train"], atol=1e-3)
