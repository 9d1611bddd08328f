"""The network that an agent acts by, with one output, and what is to be made of that."""

from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
from gymnasium import spaces

from rlab.agent import Agent
from rlab.nets.convolution import Conv2D
from rlab.nets.dense import Dense
from rlab.ops.distributions import Gaussian
from rlab.sampler import Policy
from rlab.types import Array


class Networked(Agent, Protocol):
    """An agent that acts by the first output of a network."""

    network: Any  # keras.Model


class Output(NamedTuple):
    """What the output of a policy is."""

    name: str
    meaning: str
    size: int  # numbers for each observation


def network_of(agent: Networked, *, exact: bool = False) -> keras.Model:
    """A copy of an agent's network with its first output alone, of Keras's own layers wherever they do the same.

    It computes in the agent's number format, or, if it shall be `exact`, in float32. In bfloat16 Keras's convolutions
    add up in another order than ours, so that the last bits may differ.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = {Dense: keras.layers.Dense, Conv2D: keras.layers.Conv2D}.get(type(layer), type(layer))
        return kind.from_config({**layer.get_config(), **({"dtype": "float32"} if exact else {})})

    network = keras.Model(agent.network.input, agent.network.outputs[0], name="policy")
    copy = keras.models.clone_model(network, clone_function=copied, recursive=True)
    copy.set_weights(network.get_weights())
    return copy


def layers_of_ours(network: keras.Model) -> list[str]:
    """The classes of a network's layers that Keras has not."""
    parts = network._flatten_layers(include_self=False, recursive=True)
    return sorted({type(layer).__name__ for layer in parts if type(layer).__module__.startswith("rlab.")})


def output_of(agent: Networked, action_space: spaces.Space[Any]) -> Output:
    """What an agent's network tells of each observation."""
    if not isinstance(agent, Policy):
        assert isinstance(action_space, spaces.Discrete)
        return Output("action_values", "what each action is worth", int(action_space.n))
    if isinstance(agent.distribution, Gaussian):
        size = agent.distribution.size
        meaning = f"of a normal distribution of each of an action's numbers the {size} means, then as many logarithms "
        return Output("normal", meaning + "of standard deviations", agent.distribution.num_parameters)
    return Output("logits", "the logits of the actions' probabilities", agent.distribution.num_parameters)


def chosen(outputs: Array, action_space: spaces.Space[Any]) -> Array:
    """The same actions from a policy's outputs [B, P], as its README tells how."""
    if isinstance(action_space, spaces.Discrete):
        return np.asarray(np.argmax(outputs, axis=1))
    assert isinstance(action_space, spaces.Box)
    means = outputs[:, : outputs.shape[1] // 2].reshape(-1, *action_space.shape)
    return np.asarray(np.clip(means, action_space.low, action_space.high), action_space.dtype)
