"""Running means and deviations, by which an agent scales what it sees and what it earns. They are agent state."""

from collections.abc import Mapping

import numpy as np

from rlab.types import Array

_LEAST_VARIANCE = 1e-8


class RunningMoments:
    """Mean and variance [*O] of everything that was added.

    Source: Chan, Golub and LeVeque (1983), Algorithms for Computing the Sample Variance, equation 2.1.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count = 0
        self.mean = np.zeros(shape)
        self._squares = np.zeros(shape)  # sum of squared distances to the mean

    @property
    def deviation(self) -> Array:
        """Standard deviation of the population [*O], above 0; 1 before anything was added."""
        if self.count == 0:
            return np.ones_like(self.mean)
        return np.asarray(np.sqrt(self._squares / self.count + _LEAST_VARIANCE))

    def add(self, values: Array) -> None:
        """Take in values [B, *O]."""
        count, mean = len(values), values.mean(axis=0, dtype=np.float64)
        squares = np.square(values - mean).sum(axis=0)
        total, distance = self.count + count, mean - self.mean
        self._squares = self._squares + squares + np.square(distance) * self.count * count / total
        self.mean = self.mean + distance * count / total
        self.count = total

    def state(self) -> dict[str, Array]:
        """What `restore` needs, as arrays."""
        return {"count": np.asarray(self.count), "mean": self.mean, "squares": self._squares}

    def restore(self, state: Mapping[str, Array]) -> None:
        self.count, self.mean, self._squares = int(state["count"]), state["mean"], state["squares"]


class RewardScale:
    """Scales rewards by the deviation of their discounted sums, which is that of what a value network has to learn.

    Source: Engstrom et al. (2020), Implementation Matters in Deep Policy Gradients, appendix A.2.
    """

    def __init__(self, gamma: float) -> None:
        self._gamma = gamma
        self._moments = RunningMoments(())
        self._sums = np.zeros(0)  # [N] discounted sums so far

    def observe(self, reward: Array, first: Array) -> None:
        """Take in rewards [N] of one turn, and whether episodes began with it [N]."""
        if not len(self._sums):
            self._sums = np.zeros(len(reward))
        self._sums = np.where(first, 0.0, self._gamma * self._sums) + reward
        self._moments.add(self._sums)

    def __call__(self, reward: Array) -> Array:
        """Scaled rewards, cut to +-10; of any shape."""
        return np.clip(reward / self._moments.deviation, -10, 10).astype(np.float32)

    def state(self) -> dict[str, Array]:
        """What `restore` needs, as arrays."""
        return {"sums": self._sums, **self._moments.state()}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._sums = state["sums"]
        self._moments.restore(state)
