"""Implicit quantile heads: what they make of features and fractions, and how they are built, rounded and saved."""

import keras
import numpy as np
import pytest
from gymnasium import spaces

from rlab.nets.encoders import mlp
from rlab.nets.heads import Expectation, ValueHead, q_network
from rlab.nets.implicit import ImplicitHead, let_pass
from rlab.nets.saving import load_model, save_model
from rlab.seeding import Seeds

VECTOR = spaces.Box(-np.inf, np.inf, (5,), np.float32)
SEEN = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
FRACTIONS = np.random.default_rng(1).random((3, 7), np.float32)


def networks(deviation=0.0, **settings):
    """One from observations alone, which asks for four fractions, and one that is told seven of them and the noise."""
    encoder, seeds = mlp(VECTOR, (8,), Seeds(0)), Seeds(0)
    head = ImplicitHead(ValueHead((6,), 2, seeds, deviation=deviation, **settings), 8, seeds, count=4)
    expectation, size = Expectation(dtype="float32"), head.noise_size(8)
    noise = {"noise": size} if size else {}
    return q_network(encoder, head, expectation), q_network(encoder, head, expectation, **noise, fractions=7)


def slowly(network, fractions):
    """The quantiles [B, A, N] of equation 4 in Dabney et al. (2018b), one by one, for a plain head."""
    weights = {weight.path: weight.numpy() for weight in network.weights}
    found = np.zeros((len(SEEN), 2, fractions.shape[1]))
    for b, n in np.ndindex(fractions.shape):
        features = np.maximum(SEEN[b] @ weights["hidden_1/kernel"] + weights["hidden_1/bias"], 0)
        cosines = np.array([np.cos(np.pi * i * fractions[b, n]) for i in range(64)])
        embedded = np.maximum(cosines @ weights["embedding/kernel"] + weights["embedding/bias"], 0)
        hidden = (features * embedded) @ weights["head_hidden_1/kernel"] + weights["head_hidden_1/bias"]
        found[b, :, n] = np.maximum(hidden, 0) @ weights["values/kernel"] + weights["values/bias"]
    return found


def test_quantiles_are_those_of_the_paper():
    plain, told = networks()
    values, quantiles = told([SEEN, FRACTIONS])
    np.testing.assert_allclose(quantiles, slowly(told, FRACTIONS), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values, quantiles.numpy().mean(axis=2), rtol=1e-5, atol=1e-6)
    # without others it asks for the middles of four parts
    middles = np.tile([0.125, 0.375, 0.625, 0.875], (3, 1))
    np.testing.assert_allclose(plain(SEEN)[1], slowly(plain, middles), rtol=1e-4, atol=1e-5)


def test_it_has_the_layers_of_a_plain_head_and_the_embedding():
    # (5 + 1) * 8, (64 + 1) * 8, (8 + 1) * 6 and (6 + 1) * 2
    plain, told = networks()
    assert plain.count_params() == told.count_params() == 48 + 520 + 54 + 14


@pytest.mark.parametrize("settings", [{}, {"dueling": True}, {"deviation": 0.5}, {"dueling": True, "deviation": 0.5}])
def test_its_views_share_their_weights_in_one_order(settings):
    """So that the weights of one can be copied into another."""
    plain, told = networks(**settings)
    assert [id(weight) for weight in plain.weights] == [id(weight) for weight in told.weights]
    copy = keras.models.clone_model(told)
    assert [weight.path for weight in copy.weights] == [weight.path for weight in told.weights]
    assert [output.shape for output in told.outputs] == [(None, 2), (None, 2, 7)]


def test_noise_is_that_of_the_layers_behind_the_embedding():
    _, told = networks(deviation=0.5)
    size = (8 + 6) + (6 + 2)
    still, moved = (told([SEEN, np.full((1, size), each, np.float32), FRACTIONS])[1].numpy() for each in (0, 1))
    np.testing.assert_allclose(networks()[1]([SEEN, FRACTIONS])[1], still, rtol=1e-5, atol=1e-6)
    assert not np.allclose(still, moved)


def test_fractions_are_not_rounded_where_the_network_computes_in_bfloat16():
    """Which has 8 binary digits: the cosines of 63 times pi times a fraction would be any number."""
    exact = networks()[1]([SEEN, FRACTIONS])[1]
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        rounded = networks()[1]
        assert rounded.get_layer("embedding").output.dtype == "bfloat16"
        assert {output.dtype for output in rounded.outputs} == {"float32"}
        expected = np.cos(np.pi * np.arange(64) * FRACTIONS[..., None])
        np.testing.assert_allclose(rounded.get_layer("cosines")(FRACTIONS), expected, atol=1e-4)
        np.testing.assert_allclose(rounded([SEEN, FRACTIONS])[1], exact, atol=0.03)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_fractions_can_be_let_pass_and_are_told_apart_after_a_step():
    _, told = networks()
    head = q_network(mlp(VECTOR, (8,), Seeds(0)), ValueHead((6,), 2, Seeds(0)))
    let_pass(told)
    np.testing.assert_allclose(told([SEEN, FRACTIONS])[0], head(SEEN), rtol=1e-5, atol=1e-6)
    told.get_layer("embedding").kernel.assign_add(np.full((64, 8), 1e-3, np.float32))
    assert np.ptp(told([SEEN, FRACTIONS])[1], axis=2).min() > 0


def test_a_saved_one_plays_the_same(tmp_path):
    plain, _ = networks()
    save_model(plain, tmp_path / "network.keras")
    for value, again in zip(plain(SEEN), load_model(tmp_path / "network.keras")(SEEN), strict=True):
        np.testing.assert_array_equal(value, again)
