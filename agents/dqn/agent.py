"""DQN: a network that learns action values by Q-learning from a replay.

Source: Mnih et al. (2015), Human-level control through deep reinforcement learning; van Hasselt et al. (2016) for
double Q-learning; Sutton (1988) and Hessel et al. (2018) for n-step returns; the README lists further parts.
Departs: 1. Transitions can be sampled only once their n successors are there. 2. An update is sampled when it is due,
and takes effect just before the next one begins: meanwhile its gradient is computed beside acting and the emulator, for
which the network stands still. So the newest transitions that the last update of a period may see are one period old
when it takes effect; of several that are due at once, each begins as the one before takes effect.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from agents.dqn.config import Config
from agents.dqn.memory import Replay, make_replay, memory_of
from agents.dqn.networks import make_networks
from agents.dqn.returns import make_returns
from agents.dqn.update import METRICS, PASSES, make_gradient
from rlab import devices
from rlab.exploration import GREEDY, explores_by
from rlab.explorer import Explorer
from rlab.nets.encoders import make_encoder
from rlab.nets.following import copy_of, make_move
from rlab.nets.implicit import let_pass
from rlab.nets.inference import Inference
from rlab.nets.optimizers import make_optimizer
from rlab.nets.reuse import adopt, encoder_of, slow_down, start_head
from rlab.nets.saving import assign_arrays, load_weights, named_arrays, save_model
from rlab.replay.augmentation import augmented
from rlab.replay.prioritised import Drawn, PrioritisedReplay
from rlab.schedules import Linear
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Metrics, Transitions

NETWORK = "network.keras"
LEARNER = "learner.npz"
GRADIENT = "learner.gradient.npz"
PRIORITIES = "learner.priorities.npz"
STATE = "learner.json"


class DQN:
    """The agent; see `Config` for its settings."""

    def __init__(
        self,
        config: Config,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        seeds: Seeds,
        encoder: keras.Model | None,
    ) -> None:
        assert isinstance(action_space, spaces.Discrete)
        self.config = config
        self._observation_space = observation_space
        self._action_space = action_space
        self._random, self._noise = seeds.generator("replay"), seeds.generator("noise")
        self._returns = make_returns(config)
        self._exploration = explores_by(config)
        start = config.importance_exponent
        self._importance = Linear(start, 1.0 if config.importance_steps else start, config.importance_steps)
        self._replay: Replay | None = None  # made when the number of environments is known
        self.updates = 0  # that were begun
        self._gradient: Future[list[Array]] | None = None  # of the latest of them, which has not been applied
        self._places = np.zeros(0, np.int64)  # from which it was drawn, where there are priorities
        self._beside = ThreadPoolExecutor(1)
        with devices.scope():
            if encoder is None:
                encoder = make_encoder(config.encoder_kind, observation_space, config.encoder_sizes, seeds)
            else:
                adopt(encoder, config)
            networks = make_networks(config, encoder, int(action_space.n), self._returns, seeds)
            self._online, exploring, self._learner, self._noise_size = networks  # which share their weights
            self._target = copy_of(self._learner)
            averages = config.average_rate < 1
            self.network = copy_of(self._online) if averages else self._online  # plays for a score
            self._optimizer = make_optimizer(config.optimizer, config.learning_rate, config.optimizer_epsilon)
            self._optimizer.build(self._online.trainable_variables)
            slow_down(self._optimizer, self._online, config)
        self._compute, self._apply, self._move_target = self._make_update()
        move_average = make_move(self.network, self._online, config.average_rate)
        self._move_average = devices.function(move_average) if averages else None
        self._scored_values = scored = Inference(self.network, observation_space)
        self._training_values = scored if exploring is self.network else Inference(exploring, observation_space)
        self._features = Inference(encoder_of(self._online), observation_space)  # where they are remembered

    def start_from(self, policy: keras.Model) -> None:
        """Begin with a cloned policy's preferences for the values of actions: they agree on which is best."""
        start_head(policy, self._online, lambda name: "values" if name == "policy" else name.replace("policy", "head"))
        if self._returns.fractions:
            let_pass(self._online)
        self._target.set_weights(self._learner.get_weights())
        self.network.set_weights(self._online.get_weights())

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Explorer:
        space, actions = self._observation_space, int(self._action_space.n)
        if not explore:
            return Explorer(GREEDY, self.values, space, actions, num_envs, seed)
        values, size = self._training_values, self._noise_size
        return Explorer(self._exploration, values, space, actions, num_envs, seed, noise_size=size)

    def values(self, observations: Array) -> Array:
        """The action values [B, A] of observations [B, *O] to the network that plays for a score.

        Noisy weights are their means.
        """
        return self._scored_values(observations)

    @property
    def _remembered_space(self) -> spaces.Space[Any]:
        """What the replay holds observations of."""
        if not self.config.cache_features:
            return self._observation_space
        return spaces.Box(-np.inf, np.inf, encoder_of(self.network).output.shape[1:], np.float32)

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"action_values": self.values(observations)}

    def observe(self, transitions: Transitions) -> None:
        if self._replay is None:
            self._replay = self._make_replay(len(transitions.reward))
        transitions = transitions._replace(reward=self.config.learnt(transitions.reward))
        if self.config.cache_features:
            seen = following = self._features(transitions.observation)
            if transitions.last.any():  # the replay keeps only last observations of what follows
                following = self._features(transitions.next_observation)
            transitions = transitions._replace(observation=seen, next_observation=following)
        self._replay.add(transitions)

    def learn(self) -> Metrics | None:
        replay, config = self._replay, self.config
        if replay is None or len(replay) == 0:
            return None
        step = replay.added * replay.num_envs
        periods = (step - config.warmup_steps) // config.update_period_steps + 1 if step >= config.warmup_steps else 0
        made = []
        while self.updates < periods * config.updates_per_period:
            batch, places, importance = self._draw(replay, step)
            if self._gradient is not None:
                made.append(self._finish(self._gradient.result()))
            inputs = [*batch, importance, *self._draw_inputs()]
            self._gradient, self._places = self._beside.submit(self._compute, *inputs), places
            self.updates += 1
        if not made:
            return None
        means = [sum(numbers) / len(made) for numbers in zip(*made, strict=True)]
        return {**dict(zip(METRICS, means, strict=True)), **self._exploration.metrics(step)}

    def _draw(self, replay: Replay, step: int) -> Drawn:
        config, size = self.config, self.config.batch_size
        if isinstance(replay, PrioritisedReplay):
            drawn = replay.sample(size, self._random, self._importance(step))
        else:
            drawn = Drawn(replay.sample(size, self._random), np.zeros(0, np.int64), np.ones(size, np.float32))
        batch = augmented(drawn.batch, self._noise, shift=config.shift_pixels, intensity=config.intensity_noise)
        return drawn._replace(batch=batch)

    def _draw_inputs(self) -> list[Array]:
        """What is random in an update: the noise of weights and the fractions of returns, where there are some."""
        noise = [self._noise.standard_normal((PASSES, self._noise_size), np.float32)] if self._noise_size else []
        size = PASSES * self.config.batch_size, self._returns.fractions
        return [*noise, self._noise.random(size, np.float32)] if self._returns.fractions else noise

    def _finish(self, computed: Sequence[Array]) -> list[float]:
        """Apply a gradient; its loss, mean error and mean value."""
        *gradient, loss, error, value, errors = computed
        self._apply(*gradient)
        if isinstance(self._replay, PrioritisedReplay):
            self._replay.update(self._places, np.asarray(errors))
        if self.updates % self.config.target_period_updates == 0:
            self._move_target()
        if self._move_average is not None:
            self._move_average()
        return [float(number) for number in (loss, error, value)]

    def expected_memory(self) -> int:
        return memory_of(self.config, self._remembered_space, self._action_space)

    @property
    def _learned(self) -> list[keras.Variable]:
        """What learning needs beside the network that plays: the one that learns as well, unless they are the same."""
        online = self._online.weights if self.config.average_rate < 1 else []
        return [*online, *self._target.weights, *self._optimizer.variables]

    def save(self, directory: Path) -> None:
        save_model(self.network, directory / NETWORK)
        write_arrays(directory / LEARNER, named_arrays(self._learned))
        if self._gradient is not None:
            write_arrays(directory / GRADIENT, named_arrays(self._gradient.result()) | {"places": self._places})
        if isinstance(self._replay, PrioritisedReplay):
            self._replay.save(directory / PRIORITIES)
        state = {
            "updates": self.updates,
            "random": generator_state(self._random),
            "noise": generator_state(self._noise),
            "rows": self._replay.added if self._replay is not None else 0,
            "num_envs": self._replay.num_envs if self._replay is not None else 0,
        }
        write_state(directory / STATE, state)

    def load(self, directory: Path) -> int:
        if self._gradient is not None:
            self._gradient.result()  # it reads the network that learns
        self._gradient = self._replay = None
        load_weights(self.network, directory / NETWORK)
        self._online.set_weights(self.network.get_weights())
        if not (directory / LEARNER).is_file():
            return 0  # a released agent, to play with
        assign_arrays(self._learned, read_arrays(directory / LEARNER, **named_arrays(self._learned)))
        state = read_state(directory / STATE, "updates", "random", "noise", "rows", "num_envs")
        self.updates = state["updates"]
        if self.updates:
            metrics, errors = np.zeros(len(METRICS), np.float32), np.zeros(self.config.batch_size, np.float32)
            like = named_arrays([*self._learner.trainable_variables, *metrics, errors])
            computed = read_arrays(directory / GRADIENT, "places", **like)
            self._places = computed["places"]
            self._gradient = Future()
            self._gradient.set_result([computed[name] for name in like])
        restore_generator(self._random, state["random"])
        restore_generator(self._noise, state["noise"])
        if not state["rows"]:
            return 0
        self._replay = self._make_replay(state["num_envs"])
        if isinstance(self._replay, PrioritisedReplay):
            return self._replay.load(directory / PRIORITIES)
        return self._replay.resume(state["rows"])

    def _make_replay(self, num_envs: int) -> Replay:
        return make_replay(self.config, num_envs, self._remembered_space, self._action_space)

    def _make_update(self) -> tuple[Any, Any, Any]:
        """The gradient of a batch, with what is told of it; what applies a gradient; what moves the target network."""
        config, variables = self.config, self._learner.trainable_variables

        def apply(*gradient: tf.Tensor) -> None:
            self._optimizer.apply(gradient, variables)

        space = self._remembered_space
        seen = tf.TensorSpec((config.batch_size, *(space.shape or ())), space.dtype)
        number = tf.TensorSpec((config.batch_size,), tf.float32)
        chosen = tf.TensorSpec((config.batch_size,), tf.int64)
        sizes = (PASSES, self._noise_size), (PASSES * config.batch_size, self._returns.fractions)
        drawn = [tf.TensorSpec(size, tf.float32) for size in sizes if size[1]]
        shapes = [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables]
        compute = make_gradient(config, self._learner, self._target, self._returns)
        return (
            devices.function(compute, seen, chosen, number, number, seen, number, *drawn),
            devices.function(apply, *shapes),
            devices.function(make_move(self._target, self._learner, config.target_rate)),
        )
