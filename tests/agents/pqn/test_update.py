"""The updates of PQN: their gradient, what they measure, how far one may go, and that each begins where one ended."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from gymnasium import spaces

from agents.pqn.config import Config
from agents.pqn.update import METRICS, make_learning
from rlab.nets.encoders import mlp
from rlab.nets.heads import ValueHead, q_network
from rlab.seeding import Seeds

SEEN = spaces.Box(-1, 1, (3,), np.float32)
SIZE = 16
CONFIG = Config(gradient_norm=1e9, epochs=1, minibatches=1)
ALL = np.arange(SIZE, dtype=np.int32)[None]


class Learner:
    """A small network that learns by gradient descent at a rate of 1, so that weights change by the gradient."""

    def __init__(self, config: Config) -> None:
        seeds = Seeds(3)
        self.network = q_network(mlp(SEEN, (6,), seeds, normalised=True), ValueHead((5,), 4, seeds, normalised=True))
        optimizer = keras.optimizers.SGD(1.0)
        optimizer.build(self.network.trainable_variables)
        self.learn = make_learning(config, self.network, optimizer, SIZE)
        random = np.random.default_rng(0)
        for weight in self.network.trainable_variables:
            weight.assign(random.normal(scale=0.5, size=weight.shape))
        seen = random.uniform(-1, 1, (SIZE, 3)).astype(np.float32)
        action = random.integers(4, size=SIZE)
        self.value = np.asarray(self.network(seen))[np.arange(SIZE), action]
        self.batch = [seen, action, self.value + random.normal(size=SIZE).astype(np.float32)]

    def measure(self, batch: list[Any]) -> dict[str, float]:
        """What an update measures before it changes the weights, which are put back."""
        before = self.network.get_weights()
        (made,) = np.asarray(self.learn(*batch, ALL))
        self.network.set_weights(before)
        return dict(zip(METRICS, (float(number) for number in made), strict=True))

    def gradient(self) -> list[Any]:
        before = self.network.get_weights()
        self.learn(*self.batch, ALL)
        found = [old - new for old, new in zip(before, self.network.get_weights(), strict=True)]
        self.network.set_weights(before)
        return found


def test_the_gradient_of_the_loss_is_what_small_steps_find() -> None:
    learner = Learner(CONFIG)
    size = 2e-3
    gradients = learner.gradient()
    assert all(np.abs(gradient).max() > 0.02 for gradient in gradients)
    for variable, gradient in zip(learner.network.trainable_variables, gradients, strict=True):
        value = np.asarray(variable)
        for place in list(np.ndindex(value.shape))[::3]:
            losses = []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * size
                variable.assign(moved)
                losses.append(learner.measure(learner.batch)["loss/squared"])
            variable.assign(value)
            assert (losses[0] - losses[1]) / (2 * size) == pytest.approx(gradient[place], abs=2e-3, rel=0.02)


def test_what_it_measures() -> None:
    learner = Learner(CONFIG)
    seen, action, _ = learner.batch
    wrong = np.zeros(SIZE, np.float32)
    wrong[:4] = [3, -3, 1, -1]
    found = learner.measure([seen, action, learner.value + wrong])
    # squares 9, 9, 1 and 1 over 16 steps, and half of that; distances 3, 3, 1 and 1
    assert found["loss/squared"] == pytest.approx(20 / 16 / 2, rel=1e-5)
    assert found["loss/td_error"] == pytest.approx(8 / 16, rel=1e-5)
    assert found["value/mean"] == pytest.approx(learner.value.mean(), rel=1e-5)


def test_actions_that_were_not_taken_are_left_alone() -> None:
    learner = Learner(CONFIG)
    learner.batch[1] = np.full(SIZE, 2)
    kernel, bias = learner.gradient()[-2:]
    assert kernel[:, 2].any()
    assert not kernel[:, [0, 1, 3]].any()
    assert np.flatnonzero(bias).tolist() == [2]


def test_long_gradients_are_shortened() -> None:
    whole = Learner(CONFIG).gradient()
    cut = Learner(dataclasses.replace(CONFIG, gradient_norm=0.01)).gradient()
    length = np.sqrt(sum(np.square(part).sum() for part in whole))
    assert length > 0.01
    for found, wanted in zip(cut, whole, strict=True):
        np.testing.assert_allclose(found, wanted * 0.01 / length, rtol=0.02, atol=1e-6)


def test_an_update_learns_from_its_minibatch_and_begins_where_the_one_before_ended() -> None:
    config = dataclasses.replace(CONFIG, epochs=2, minibatches=2)
    together, apart = Learner(config), Learner(dataclasses.replace(CONFIG, minibatches=2))
    parts = np.random.default_rng(1).permuted(np.concatenate([ALL, ALL]), axis=1).reshape(4, SIZE // 2)
    made = np.asarray(together.learn(*together.batch, parts))
    measured = [np.asarray(apart.learn(*apart.batch, pair)) for pair in (parts[:2], parts[2:])]
    np.testing.assert_allclose(made, np.concatenate(measured), rtol=1e-5)
    for found, wanted in zip(together.network.get_weights(), apart.network.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert len(np.unique(made[:, 0])) == 4
