"""A small network in NumPy that plays N environments with N different weight vectors at once."""

from typing import Any

import numpy as np
from gymnasium import spaces

from agents.search.config import count_weights, layers
from rlab.types import Array


class Policy:
    """Tanh layers of `hidden_sizes` and a linear one; what they compute is decided by the weights that `act` is given.

    Discrete actions: that of the highest output. Box actions: tanh of the outputs, stretched to the bounds. Discrete
    observations are seen as one-hot vectors, others as they are, flattened.
    """

    def __init__(
        self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], hidden_sizes: tuple[int, ...]
    ) -> None:
        self._num_symbols = int(observation_space.n) if isinstance(observation_space, spaces.Discrete) else 0
        self._action_space = action_space
        self._layers = layers(observation_space, action_space, hidden_sizes)
        self.num_weights = count_weights(observation_space, action_space, hidden_sizes)

    def draw(self, random: np.random.Generator, count: int) -> Array:
        """Random weight vectors [count, num_weights] float64: normal, with variance 1 / inputs in each layer.

        Source: LeCun et al. (1998), Efficient BackProp, section 4.6; here the biases are drawn, too.
        """
        scale = [np.full((inputs + 1) * outputs, inputs**-0.5) for inputs, outputs in self._layers]
        return np.asarray(random.standard_normal((count, self.num_weights)) * np.concatenate(scale))

    def act(self, weights: Array, observations: Array) -> Array:
        """Actions [N] or [N, A] for observations [N, *O], each by its own weight vector of `weights` [N, num_weights].

        A layer's weights are its matrix [inputs, outputs], row by row, then its biases.
        """
        outputs = self._outputs(weights, observations)
        space = self._action_space
        if isinstance(space, spaces.Discrete):
            return np.asarray(np.argmax(outputs, axis=1))
        assert isinstance(space, spaces.Box)
        low, high = space.low.astype(np.float64), space.high.astype(np.float64)
        share = (np.tanh(outputs).reshape(-1, *space.shape) + 1) / 2
        return np.asarray(np.clip((low + share * (high - low)).astype(space.dtype), space.low, space.high))

    def _outputs(self, weights: Array, observations: Array) -> Array:
        if self._num_symbols:
            signal = np.zeros((len(observations), self._num_symbols))
            signal[np.arange(len(observations)), observations] = 1
        else:
            signal = observations.reshape(len(observations), -1).astype(np.float64)
        start = 0
        for number, (inputs, outputs) in enumerate(self._layers):
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            matrix = weights[:, start:middle].reshape(-1, inputs, outputs)
            signal = np.tanh(signal) if number else signal
            signal = np.einsum("ni,nio->no", signal, matrix) + weights[:, middle:end]
            start = end
        return signal
