"""PQN: a network that learns action values from what was just played, without replay and without target network.

Source: Gallici et al. (2025), Simplifying Deep Temporal Difference Learning, algorithm 1 and section 4; Peng and
Williams (1996), Incremental multi-step Q-learning, for its returns.
Departs: see the README.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from gymnasium import spaces

from agents.pqn.config import Config
from agents.pqn.update import METRICS, make_learning
from rlab import devices
from rlab.exploration import GREEDY, explores_by
from rlab.explorer import Explorer
from rlab.nets.encoders import make_encoder
from rlab.nets.following import copy_of, make_move
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.inference import Inference
from rlab.nets.optimizers import make_optimizer
from rlab.nets.reuse import adopt, slow_down, start_head
from rlab.nets.saving import assign_arrays, load_weights, named_arrays, save_model
from rlab.ops.returns import lambda_return
from rlab.replay.rollouts import Rollout, minibatches
from rlab.schedules import Linear
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Metrics, Transitions

NETWORK = "network.keras"
ROLLOUT = "learner.rollout.npz"
LEARNER = "learner.npz"
STATE = "learner.json"


class PQN:
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
        self._num_actions = int(action_space.n)
        self._random = seeds.generator("minibatches")
        self._exploration = explores_by(config)
        self._rollout = Rollout(config.rollout_steps)
        self._rate = Linear(config.learning_rate, 0.0, config.learning_rate_decay_steps)
        self._steps = 0
        with devices.scope():
            if encoder is None:
                kind, sizes = config.encoder_kind, config.encoder_sizes
                encoder = make_encoder(kind, observation_space, sizes, seeds, normalised=True)
            else:
                adopt(encoder, config)
            # A cloned policy has no normalisation, and would choose other actions with it.
            normalised = not config.policy
            head = ValueHead(config.hidden_sizes, self._num_actions, seeds, normalised=normalised)
            self._online = q_network(encoder, head)
            averages = config.average_rate < 1
            self.network = copy_of(self._online) if averages else self._online  # plays for a score
            self._optimizer = make_optimizer("radam", config.learning_rate, config.optimizer_epsilon)
            self._optimizer.build(self._online.trainable_variables)
            slow_down(self._optimizer, self._online, config)
        move_average = make_move(self.network, self._online, config.average_rate)
        self._move_average = devices.function(move_average) if averages else None
        self._learn_from: Any = None  # compiled when the number of environments, and so the size of a rollout, is known
        self._scored_values = scored = Inference(self.network, observation_space)
        self._training_values = Inference(self._online, observation_space) if averages else scored

    def start_from(self, policy: keras.Model) -> None:
        """Begin with a cloned policy's preferences for the values of actions: they agree on which is best."""
        start_head(policy, self._online, lambda name: "values" if name == "policy" else name.replace("policy", "head"))
        self.network.set_weights(self._online.get_weights())

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Explorer:
        exploration, values = (self._exploration, self._training_values) if explore else (GREEDY, self.values)
        space, actions = self._observation_space, self._num_actions
        return Explorer(exploration, values, space, actions, num_envs, seed, tells=explore)

    def values(self, observations: Array) -> Array:
        """The action values [B, A] of observations [B, *O] to the network that plays for a score."""
        return self._scored_values(observations)

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"action_values": self.values(observations)}

    def observe(self, transitions: Transitions) -> None:
        self._rollout.add_valued(
            transitions,
            self._best_values,
            value=transitions.extras["value"],
            observation=transitions.observation,
            action=transitions.action,
            reward=self.config.learnt(transitions.reward),
        )
        self._steps += len(transitions.reward)

    def learn(self) -> Metrics | None:
        config, rollout = self.config, self._rollout
        if not rollout.full:
            return None
        rate = self._rate(self._steps) if config.learning_rate_decay_steps else config.learning_rate
        self._optimizer.learning_rate.assign(rate)
        columns = [_in_one_row(column) for column in (rollout["observation"], rollout["action"], self._returns())]
        steps = len(columns[0])
        if self._learn_from is None:
            self._learn_from = make_learning(config, self._online, self._optimizer, steps)
        chosen = list(minibatches(steps, config.minibatches, config.epochs, self._random))
        made = self._learn_from(*columns, np.array(chosen, np.int32))
        rollout.clear()
        if self._move_average is not None:
            self._move_average()
        return {
            **dict(zip(METRICS, np.mean(made, axis=0), strict=True)),
            "loss/learning_rate": rate,
            **self._exploration.metrics(self._steps),
        }

    def _returns(self) -> Array:
        """What each gathered step was worth, [T, N], to the network that played it."""
        config, rollout = self.config, self._rollout
        discount = rollout["discount"] * np.float32(config.gamma)
        return lambda_return(rollout["reward"], discount, rollout["next_value"], rollout["last"], config.trace_decay)

    def _best_values(self, observations: Array) -> Array:
        """The value of the best action, [N], of observations [N, *O]."""
        return np.asarray(self._training_values(observations).max(axis=1))

    @property
    def _learned(self) -> list[keras.Variable]:
        """What learning needs beside the network that plays: the one that learns as well, unless they are the same."""
        online = self._online.weights if self.config.average_rate < 1 else []
        return [*online, *self._optimizer.variables]

    def save(self, directory: Path) -> None:
        save_model(self.network, directory / NETWORK)
        write_arrays(directory / LEARNER, named_arrays(self._learned))
        self._rollout.save(directory / ROLLOUT)
        write_state(directory / STATE, {"steps": self._steps, "random": generator_state(self._random)})

    def load(self, directory: Path) -> int:
        load_weights(self.network, directory / NETWORK)
        self._online.set_weights(self.network.get_weights())
        if not (directory / LEARNER).is_file():
            return 0  # a released agent, to play with
        assign_arrays(self._learned, read_arrays(directory / LEARNER, **named_arrays(self._learned)))
        self._rollout.load(directory / ROLLOUT)
        state = read_state(directory / STATE, "steps", "random")
        self._steps = state["steps"]
        restore_generator(self._random, state["random"])
        return 0


def _in_one_row(column: Array) -> Array:
    """Steps [T, N, ...] as [T * N, ...]."""
    return column.reshape(-1, *column.shape[2:])
