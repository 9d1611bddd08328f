"""Networks of policies and actor-critics: what they give, how they begin, and that they load as they were saved."""

import keras
import numpy as np
import pytest
from gymnasium import spaces

from rlab.nets.encoders import mlp, nature
from rlab.nets.policies import actor_critic, policy
from rlab.nets.saving import load_model, load_weights, save_model
from rlab.ops.distributions import Categorical, Gaussian
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError

VECTOR = spaces.Box(-np.inf, np.inf, (5,), np.float32)
SEEN = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
DISTRIBUTIONS = [Categorical(3), Gaussian((2,)), Gaussian((2, 2))]

each_distribution = pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)


def make_policy(distribution, seed=0, sizes=(8,), standardised=False):
    encoder = mlp(VECTOR, (), Seeds(seed), standardised=standardised)
    return policy(encoder, sizes, "tanh", distribution, -0.5, Seeds(seed))


def make_actor_critic(distribution, shared, seed=0, standardised=False):
    encoder = mlp(VECTOR, (), Seeds(seed), standardised=standardised)
    return actor_critic(encoder, (8, 6), "tanh", distribution, -0.5, Seeds(seed), shared=shared)


@each_distribution
def test_a_policy_gives_the_parameters_of_its_distribution(distribution):
    parameters = make_policy(distribution)(SEEN)
    assert (parameters.shape, parameters.dtype) == ((7, distribution.num_parameters), "float32")


@each_distribution
@pytest.mark.parametrize("shared", [False, True])
def test_an_actor_critic_gives_values_too(distribution, shared):
    parameters, value = make_actor_critic(distribution, shared)(SEEN)
    assert (parameters.shape, parameters.dtype) == ((7, distribution.num_parameters), "float32")
    assert (value.shape, value.dtype) == ((7,), "float32")


def test_the_book_s_policy_has_as_many_weights_as_the_book_s():
    encoder = mlp(spaces.Box(-1, 1, (4,)), (), Seeds(0))
    network = policy(encoder, (4,), "elu", Categorical(2), 0.0, Seeds(0))
    # (4 + 1) * 4 + (4 + 1) * 2: two logits in place of the book's one
    assert network.count_params() == 20 + 10


@pytest.mark.parametrize(("shared", "hidden"), [(True, 1), (False, 2)])
def test_layers_are_shared_or_not(shared, hidden):
    # 5-8-6 once or twice, then 3 logits and a value
    expected = hidden * ((5 + 1) * 8 + (8 + 1) * 6) + (6 + 1) * 3 + (6 + 1)
    assert make_actor_critic(Categorical(3), shared).count_params() == expected


def test_a_policy_begins_undecided():
    """Its last layer has a gain of 0.01."""
    logits = make_policy(Categorical(3))(SEEN).numpy()
    assert 0 < np.abs(logits).max() < 0.05


def test_deviations_begin_where_they_are_told_and_do_not_depend_on_what_is_seen():
    network = make_policy(Gaussian((2,)))
    parameters = network(SEEN).numpy()
    assert (parameters[:, 2:] == -0.5).all()
    assert 0 < np.abs(parameters[:, :2]).max() < 0.05
    (log_deviation,) = [weight for weight in network.trainable_weights if weight.shape == (2,) and "log" in weight.path]
    log_deviation.assign([0.25, 1.0])
    assert (network(SEEN).numpy()[:, 2:] == [0.25, 1.0]).all()


@pytest.mark.parametrize("activation", ["relu", "tanh", "elu", "selu"])
def test_the_activation_is_that_asked_for(activation):
    network = policy(mlp(VECTOR, (), Seeds(0)), (8,), activation, Categorical(3), 0.0, Seeds(0))
    assert network.get_layer("policy_hidden_1").activation is getattr(keras.activations, activation)


def test_images_go_through_an_encoder_of_images():
    screens = FrameStack(36, 36, 2)
    network = policy(nature(screens, Seeds(0)), (16,), "relu", Categorical(4), 0.0, Seeds(0))
    assert network(np.zeros((2, 36, 36, 2), np.uint8)).shape == (2, 4)


def test_weights_belong_to_the_seed():
    def outputs(seed):
        return make_policy(Categorical(3), seed)(SEEN).numpy()

    np.testing.assert_array_equal(outputs(1), outputs(1))
    assert not np.array_equal(outputs(1), outputs(2))


@each_distribution
@pytest.mark.parametrize("kind", ["policy", "actor-critic"])
@pytest.mark.parametrize("standardised", [False, True])
def test_saved_and_loaded_it_gives_the_same(distribution, kind, standardised, tmp_path):
    """With the lab's own layers, WithLogDeviation and Standardise, whose moments are saved with the weights."""

    def make(seed):
        if kind == "policy":
            return make_policy(distribution, seed, standardised=standardised)
        return make_actor_critic(distribution, False, seed, standardised=standardised)

    network, other, path = make(0), make(1), tmp_path / "network.keras"
    for weight in network.weights:
        weight.assign(weight + 0.125)
    save_model(network, path)
    load_weights(other, path)
    for found in (load_model(path), other):
        for left, right in zip(keras.tree.flatten(found(SEEN)), keras.tree.flatten(network(SEEN)), strict=True):
            np.testing.assert_array_equal(left, right)


def test_weights_of_another_shape_are_refused(tmp_path):
    save_model(make_policy(Categorical(3), sizes=(8,)), tmp_path / "policy.keras")
    with pytest.raises(UserError, match="does not fit the settings"):
        load_weights(make_policy(Categorical(3), sizes=(9,)), tmp_path / "policy.keras")


def test_standardised_observations_are_less_their_mean_over_their_deviation_and_cut():
    encoder = mlp(VECTOR, (), Seeds(0), standardised=True)
    seen = np.array([[1, 2, 3, 4, 1000]], np.float32)
    assert encoder(seen).numpy().tolist() == [[1, 2, 3, 4, 10]]  # before moments are known
    encoder.get_layer("standardise").set_moments([1, 1, 1, 0, 0], [1, 2, 4, 0.5, 1])
    # (1 - 1) / 1, (2 - 1) / 2, (3 - 1) / 4, 4 / 0.5, 10 in place of 1000
    assert encoder(seen).numpy().tolist() == [[0, 0.5, 0.5, 8, 10]]
    assert encoder.trainable_weights == []
