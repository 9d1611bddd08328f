"""PPO: a policy and a value network that learn several times from what was just played.

Source: Schulman et al. (2017), Proximal Policy Optimization Algorithms; Schulman et al. (2016) for the advantages; Mnih
et al. (2016) for A2C, of which Huang et al. (2022), A2C is a special case of PPO, show that it is this with one epoch
and one minibatch.
Departs: see the README.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from agents.ppo.config import Config
from agents.ppo.update import METRICS, make_update
from rlab import devices
from rlab.nets.encoders import make_encoder
from rlab.nets.initialisers import relu_orthogonal
from rlab.nets.optimizers import make_optimizer
from rlab.nets.policies import actor_critic
from rlab.nets.reuse import adopt, slow_down, start_head
from rlab.nets.saving import assign_arrays, load_weights, named_arrays, save_model
from rlab.normalisation import RewardScale, RunningMoments
from rlab.ops.distributions import Categorical, distribution
from rlab.ops.returns import lambda_return
from rlab.replay.rollouts import Rollout, minibatches
from rlab.sampler import Sampler
from rlab.schedules import Linear
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Metrics, Transitions

NETWORK = "network.keras"
ROLLOUT = "learner.rollout.npz"
LEARNER = "learner.npz"
STATE = "learner.json"


class PPO:
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
        self._random = seeds.generator("minibatches")
        self._rollout = Rollout(config.rollout_steps)
        self._moments = RunningMoments(observation_space.shape or ())
        self._reward_normaliser = RewardScale(config.gamma)
        self._rate = Linear(config.learning_rate, 0.0, config.learning_rate_decay_steps)
        self._steps = 0
        with devices.scope():
            if encoder is None:
                encoder = make_encoder(
                    config.encoder_kind,
                    observation_space,
                    config.encoder_sizes,
                    seeds,
                    start=relu_orthogonal,
                    standardised=config.normalise_observations,
                )
            else:
                adopt(encoder, config)
            self.network = actor_critic(
                encoder,
                config.hidden_sizes,
                config.activation,
                self.distribution,
                config.log_deviation_start,
                seeds,
                shared=config.shared,
            )
            self._optimizer = make_optimizer(config.optimizer, config.learning_rate, config.optimizer_epsilon)
            self._optimizer.build(self.network.trainable_variables)
            slow_down(self._optimizer, self.network, config)
        self._update: Any = None  # compiled when the number of environments, and so the size of a minibatch, is known
        self._acts: dict[tuple[int, bool], Any] = {}  # compiled, by number of observations and whether to explore

    def start_from(self, policy: keras.Model) -> None:
        shared = self.config.shared
        start_head(policy, self.network, lambda name: name.replace("policy_hidden", "hidden") if shared else name)

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Sampler:
        return Sampler(self, num_envs, seed, explore=explore or not self.config.greedy_evaluation)

    def act(self, observations: Array, noise: Array, *, explore: bool) -> Mapping[str, Array]:
        """For observations [N, *O]: actions "drawn" with `noise` or most probable; their "log_prob"; a "value" each."""
        key = len(observations), explore
        if key not in self._acts:
            shape, dtype = self._observation_space.shape or (), self._observation_space.dtype
            signature = tf.TensorSpec((len(observations), *shape), dtype), tf.TensorSpec(noise.shape, tf.float32)

            def act(observation: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
                parameters, value = self.network(observation)
                policy = self.distribution
                drawn = policy.sample(parameters, noise) if explore else policy.mode(parameters)
                return drawn, policy.log_prob(parameters, drawn), value

            self._acts[key] = devices.function(act, *signature, acting=True)
        results = map(np.asarray, self._acts[key](observations, noise))
        return dict(zip(("drawn", "log_prob", "value"), results, strict=True))

    def values(self, observations: Array) -> Array:
        """The values [N] of observations [N, *O]."""
        noise = np.full((len(observations), self.distribution.noise_size), 0.5, np.float32)
        return self.act(observations, noise, explore=True)["value"]

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        parameters, value = (np.asarray(result) for result in self.network(observations))
        if isinstance(self.distribution, Categorical):
            return {"probabilities": np.asarray(tf.nn.softmax(parameters)), "value": value}
        return {"value": value}

    def observe(self, transitions: Transitions) -> None:
        config, rollout = self.config, self._rollout
        reward = config.learnt(transitions.reward)
        if config.normalise_rewards:
            self._reward_normaliser.observe(reward, transitions.first)
        rollout.add_valued(
            transitions,
            self.values,
            value=transitions.extras["value"],
            observation=transitions.observation,
            action=transitions.extras["drawn"],
            log_prob=transitions.extras["log_prob"],
            reward=reward,
        )
        self._steps += len(reward)

    def learn(self) -> Metrics | None:
        config, rollout = self.config, self._rollout
        if not rollout.full:
            return None
        reward = self._reward_normaliser(rollout["reward"]) if config.normalise_rewards else rollout["reward"]
        discount = rollout["discount"] * np.float32(config.gamma)
        returns = lambda_return(reward, discount, rollout["next_value"], rollout["last"], config.trace_decay)
        names = ("observation", "action", "log_prob", "value")
        columns = [column.reshape(-1, *column.shape[2:]) for column in (*(rollout[n] for n in names), returns)]
        rate = self._rate(self._steps) if config.learning_rate_decay_steps else config.learning_rate
        self._optimizer.learning_rate.assign(rate)
        made = self._learn_from(columns)
        if config.normalise_observations:
            self._moments.add(columns[0])
            layer = self.network.get_layer("mlp_encoder").get_layer("standardise")
            layer.set_moments(self._moments.mean, self._moments.deviation)
        value, goal = columns[3], columns[4]
        variance = goal.var()
        rollout.clear()
        return {
            **dict(zip(METRICS, np.mean(made, axis=0), strict=True)),
            "loss/learning_rate": rate,
            "value/mean": float(value.mean()),
            "value/explained_variance": float(1 - (goal - value).var() / variance) if variance > 0 else 0.0,
        }

    def _learn_from(self, columns: list[Array]) -> list[list[float]]:
        """Go through the gathered steps, columns [T * N, ...], in shuffled minibatches; what each update measured."""
        config = self.config
        if self._update is None:
            size = len(columns[0]) // config.minibatches
            self._update = make_update(config, self.network, self._optimizer, self.distribution, size)
        made: list[list[float]] = []
        for chosen in minibatches(len(columns[0]), config.minibatches, config.epochs, self._random):
            batch = [column[chosen] for column in columns]
            made.append([float(number) for number in self._update(*batch)])
            if config.target_kl and made[-1][2] > config.target_kl:
                break
        return made

    def save(self, directory: Path) -> None:
        save_model(self.network, directory / NETWORK)
        learned = named_arrays(self._optimizer.variables)
        learned |= {f"observations_{name}": value for name, value in self._moments.state().items()}
        learned |= {f"rewards_{name}": value for name, value in self._reward_normaliser.state().items()}
        write_arrays(directory / LEARNER, learned)
        self._rollout.save(directory / ROLLOUT)
        write_state(directory / STATE, {"steps": self._steps, "random": generator_state(self._random)})

    def load(self, directory: Path) -> int:
        load_weights(self.network, directory / NETWORK)
        if not (directory / LEARNER).is_file():
            return 0  # a released agent, to play with
        variables = self._optimizer.variables
        learned = read_arrays(directory / LEARNER, "observations_count", "rewards_count", **named_arrays(variables))
        assign_arrays(variables, learned)
        for prefix, owner in (("observations_", self._moments), ("rewards_", self._reward_normaliser)):
            owner.restore({name.removeprefix(prefix): a for name, a in learned.items() if name.startswith(prefix)})
        self._rollout.load(directory / ROLLOUT)
        state = read_state(directory / STATE, "steps", "random")
        self._steps = state["steps"]
        restore_generator(self._random, state["random"])
        return 0
