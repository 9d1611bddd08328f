"""One update of PPO: its gradient, what it measures, and that A2C is a special case of it."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from agents.ppo.config import PRESETS, Config
from agents.ppo.update import METRICS, make_update
from rlab.nets.encoders import mlp
from rlab.nets.policies import actor_critic
from rlab.ops.distributions import distribution
from rlab.seeding import Seeds

SEEN = spaces.Box(-1, 1, (3,), np.float32)
ACTED = {"discrete": spaces.Discrete(4), "box": spaces.Box(-1, 1, (2,), np.float32)}
SIZE = 16
CONFIG = Config(entropy_coefficient=0.1, gradient_norm=1e9, normalise_advantages=True, clip_range=0.2)


class Learner:
    """A small network with an update of gradient descent at a rate of 1, so that weights change by the gradient."""

    def __init__(self, config: Config, acted: spaces.Space[Any]) -> None:
        seeds = Seeds(3)
        self.policy = distribution(acted)
        self.network = actor_critic(mlp(SEEN, (), seeds), (8,), "tanh", self.policy, -0.5, seeds, shared=True)
        optimizer = keras.optimizers.SGD(1.0)
        optimizer.build(self.network.trainable_variables)
        self.config = config
        self._update = make_update(config, self.network, optimizer, self.policy, SIZE)
        random = np.random.default_rng(0)
        for weight in self.network.trainable_variables:  # away from the small start, where little is to be seen
            weight.assign(random.normal(scale=0.5, size=weight.shape))
        seen = random.uniform(-1, 1, (SIZE, 3)).astype(np.float32)
        parameters, value = self.network(seen)
        drawn = self.policy.sample(parameters, self.policy.noise(random, SIZE))
        log_prob = self.policy.log_prob(parameters, drawn) + random.uniform(-0.4, 0.4, SIZE).astype(np.float32)
        goal = value + random.normal(size=SIZE).astype(np.float32)
        self.batch = [np.asarray(array) for array in (seen, drawn, log_prob, value, goal)]

    def weights(self) -> list[Any]:
        return [np.asarray(weight) for weight in self.network.trainable_variables]

    def measure(self, batch: list[Any]) -> dict[str, float]:
        """What an update measures before it changes the weights, which are put back."""
        before = self.network.get_weights()
        made = self._update(*batch)
        self.network.set_weights(before)
        return dict(zip(METRICS, (float(number) for number in made), strict=True))

    def loss(self) -> float:
        found, config = self.measure(self.batch), self.config
        entropy = config.entropy_coefficient * found["exploration/entropy"]
        return found["loss/policy"] + config.value_coefficient * found["loss/value"] - entropy

    def gradient(self) -> list[Any]:
        start = self.network.get_weights()
        before = self.weights()
        self._update(*self.batch)
        found = [old - new for old, new in zip(before, self.weights(), strict=True)]
        self.network.set_weights(start)
        return found


@pytest.mark.parametrize("acted", ACTED)
def test_the_gradient_of_the_whole_loss_is_what_small_steps_find(acted: str) -> None:
    learner = Learner(CONFIG, ACTED[acted])
    size = 1e-2
    for variable, gradient in zip(learner.network.trainable_variables, learner.gradient(), strict=True):
        value = np.asarray(variable)
        for place in list(np.ndindex(value.shape))[::3]:
            losses = []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * size
                variable.assign(moved)
                losses.append(learner.loss())
            variable.assign(value)
            # Where a step crosses the kink of the clipping the two differ by more than float32 makes them.
            assert (losses[0] - losses[1]) / (2 * size) == pytest.approx(gradient[place], abs=0.01, rel=0.05)


def test_a2c_is_ppo_with_one_epoch_and_one_minibatch() -> None:
    preset = PRESETS["a2c"].config
    assert isinstance(preset, Config)
    assert (preset.epochs, preset.minibatches) == (1, 1)
    config = dataclasses.replace(preset, gradient_norm=1e9, entropy_coefficient=0.1)
    learner = Learner(config, ACTED["discrete"])
    seen, drawn, _, value, goal = learner.batch
    with tf.GradientTape() as tape:  # the loss of Mnih et al. (2016), equation 4 and below
        parameters, now = learner.network(seen)
        log_prob = learner.policy.log_prob(parameters, drawn)
        entropy = tf.reduce_mean(learner.policy.entropy(parameters))
        loss = tf.reduce_mean(-log_prob * (goal - value)) + 0.5 * tf.reduce_mean((goal - now) ** 2) - 0.1 * entropy
    expected = tape.gradient(loss, learner.network.trainable_variables)
    learner.batch[2] = np.asarray(log_prob)  # nothing has changed since the actions were drawn
    for found, wanted in zip(learner.gradient(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_what_it_measures() -> None:
    learner = Learner(dataclasses.replace(CONFIG, normalise_advantages=False), ACTED["discrete"])
    seen, drawn, _, value, _ = learner.batch
    parameters = learner.network(seen)[0]
    log_prob = np.asarray(learner.policy.log_prob(parameters, drawn))
    shift = np.zeros(SIZE, np.float32)
    shift[:4] = np.log(1.5)  # these actions have become 1.5 times as probable, out of 1.2
    found = learner.measure([seen, drawn, log_prob - shift, value, value + 1])
    # Advantages are all 1: four surrogates are clipped to 1.2, twelve are 1.
    assert found["loss/policy"] == pytest.approx(-(4 * 1.2 + 12) / 16, rel=1e-5)
    assert found["loss/value"] == pytest.approx(1, rel=1e-5)
    assert found["loss/clip_fraction"] == 0.25
    assert found["loss/approximate_kl"] == pytest.approx(0.25 * (1.5 - 1 - np.log(1.5)), rel=1e-4)


def test_advantages_of_a_minibatch_are_brought_to_mean_0_and_deviation_1() -> None:
    learner = Learner(CONFIG, ACTED["discrete"])
    seen, drawn, _, value, _ = learner.batch
    log_prob = np.asarray(learner.policy.log_prob(learner.network(seen)[0], drawn))
    shift = np.zeros(SIZE, np.float32)
    shift[:4] = np.log(1.5)  # these actions have become 1.5 times as probable
    advantage = np.repeat(np.array([1, 3], np.float32), SIZE // 2)
    found = learner.measure([seen, drawn, log_prob - shift, value, value + advantage])
    # -1 and 1: four are worse by 1.5, four by 1, and eight are better by 1
    assert found["loss/policy"] == pytest.approx((4 * 1.5 + 4 - 8) / 16, rel=1e-4)


def test_long_gradients_are_shortened() -> None:
    whole = Learner(CONFIG, ACTED["discrete"]).gradient()
    cut = Learner(dataclasses.replace(CONFIG, gradient_norm=0.01), ACTED["discrete"]).gradient()
    length = np.sqrt(sum(np.square(part).sum() for part in whole))
    assert length > 0.01
    for found, wanted in zip(cut, whole, strict=True):
        np.testing.assert_allclose(found, wanted * 0.01 / length, rtol=0.02, atol=1e-6)
