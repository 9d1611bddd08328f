"""REINFORCE: Monte-Carlo policy gradients, with a learned baseline if asked for.

Source: Williams (1992), Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning;
Sutton and Barto (2018), sections 13.3 (REINFORCE), 13.4 (with baseline) and 13.7 (actions in a Box); Hands-On Machine
Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, "Policy Gradients".
Departs: 1. The factor gamma ** t of Sutton and Barto's update is left out, as in the book and everywhere in practice:
late steps of a game count as much as early ones.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from agents.reinforce.config import Config
from agents.reinforce.episodes import Episodes
from agents.reinforce.update import Update
from rlab import devices
from rlab.nets.encoders import make_encoder
from rlab.nets.initialisers import relu_orthogonal
from rlab.nets.policies import hidden, policy, value_head
from rlab.nets.reuse import adopt, start_head
from rlab.nets.saving import assign_arrays, load_weights, named_arrays, save_model
from rlab.ops.distributions import Categorical, distribution
from rlab.ops.returns import lambda_return, normalised
from rlab.sampler import Sampler
from rlab.seeding import Seeds
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Metrics, Transitions

NETWORK = "network.keras"
BASELINE = "baseline.keras"
LEARNER = "learner.npz"
EPISODES = "learner.episodes.npz"


class Reinforce:
    """The agent; see `Config` for its settings."""

    def __init__(
        self,
        config: Config,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        seeds: Seeds,
        encoder: keras.Model | None,
    ) -> None:
        self.config = config
        self.action_space = action_space
        self.distribution = distribution(action_space)
        self._observation_space = observation_space
        self._episodes = Episodes()
        sizes, activation = config.hidden_sizes, config.activation
        with devices.scope():
            if encoder is None:
                kind, seen = config.encoder_kind, config.encoder_sizes
                encoder = make_encoder(kind, observation_space, seen, seeds, start=relu_orthogonal)
            else:
                adopt(encoder, config)
            start = config.log_deviation_start
            self.network = policy(encoder, sizes, activation, self.distribution, start, seeds)
            self.baseline = _baseline(encoder, config, seeds) if config.baseline else None
            self._update = Update(config, observation_space, self.distribution, self.network, self.baseline)
        self._acts: dict[tuple[int, bool], Any] = {}  # compiled, by number of observations and whether to explore

    def start_from(self, policy: keras.Model) -> None:
        start_head(policy, self.network)

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Sampler:
        return Sampler(self, num_envs, seed, explore=explore or not self.config.greedy_evaluation)

    def act(self, observations: Array, noise: Array, *, explore: bool) -> Mapping[str, Array]:
        """For observations [N, *O]: actions "drawn" with `noise`, or the most probable ones."""
        key = len(observations), explore
        if key not in self._acts:
            shape, dtype = self._observation_space.shape or (), self._observation_space.dtype
            signature = tf.TensorSpec((len(observations), *shape), dtype), tf.TensorSpec(noise.shape, tf.float32)

            def act(observation: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
                parameters = self.network(observation)
                return self.distribution.sample(parameters, noise) if explore else self.distribution.mode(parameters)

            self._acts[key] = devices.function(act, *signature, acting=True)
        return {"drawn": np.asarray(self._acts[key](observations, noise))}

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        found = {}
        if isinstance(self.distribution, Categorical):
            found["probabilities"] = np.asarray(tf.nn.softmax(self.network(observations)))
        if self.baseline is not None:
            found["value"] = np.asarray(self.baseline(observations))
        return found

    def observe(self, transitions: Transitions) -> None:
        self._episodes.add(transitions, transitions.extras["drawn"])

    def learn(self) -> Metrics | None:
        if self._episodes.finished < self.config.episodes_per_update:
            return None
        steps = self._episodes.take()
        next_value = np.zeros_like(steps.reward)
        next_value[steps.last] = self._update.values(steps.after)  # counts where a time limit ended the game
        reward, discount, last = steps.reward[:, None], steps.discount[:, None], steps.last[:, None]
        discount = discount * np.float32(self.config.gamma)
        goal = lambda_return(reward, discount, next_value[:, None], last, trace_decay=1.0)[:, 0]  # [T]
        value = self._update.values(steps.observation)
        advantage = normalised(goal - value) if self.config.normalise_advantages else goal - value
        metrics = self._update(steps.observation, steps.action, advantage, goal)
        metrics["value/return"] = float(goal.mean())
        if self.baseline is not None:
            metrics["value/mean"] = float(value.mean())
            variance = goal.var()
            metrics["value/explained_variance"] = float(1 - (goal - value).var() / variance) if variance > 0 else 0.0
        return metrics

    def save(self, directory: Path) -> None:
        save_model(self.network, directory / NETWORK)
        if self.baseline is not None:
            save_model(self.baseline, directory / BASELINE)
        write_arrays(directory / LEARNER, named_arrays(self._update.state))
        self._episodes.save(directory / EPISODES)

    def load(self, directory: Path) -> int:
        load_weights(self.network, directory / NETWORK)
        if self.baseline is not None:
            load_weights(self.baseline, directory / BASELINE)
        if not (directory / LEARNER).is_file():
            return 0  # a released agent, to play with
        assign_arrays(self._update.state, read_arrays(directory / LEARNER, **named_arrays(self._update.state)))
        self._episodes.load(directory / EPISODES)
        return 0


def _baseline(encoder: keras.Model, config: Config, seeds: Seeds) -> keras.Model:
    """A network from observations [B, *O] to values [B] float32, with an encoder of its own that starts like this."""
    own = keras.models.clone_model(encoder)
    own.set_weights(encoder.get_weights())
    observation = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype, name="observation")
    features = hidden(own(observation), config.hidden_sizes, config.activation, seeds, "baseline_hidden")
    return keras.Model(observation, value_head(features, seeds), name="baseline")
