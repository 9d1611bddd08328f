"""Fixed features of observations: tiles, random waves, and products.

Observations are brought to [-1, 1] by the bounds of their space, and cut there.
Source: Sutton and Barto (2018), sections 9.5.1 and 9.5.4; Rahimi and Recht (2007), Random Features for Large-Scale
Kernel Machines, for `rbf`.
"""

from collections.abc import Callable
from math import prod

import numpy as np
from gymnasium import spaces

from agents.linear.config import Config
from rlab.seeding import Seeds
from rlab.spaces import middle_and_half
from rlab.types import Array

FeatureMap = Callable[[Array], Array]  # [B, D] in [-1, 1] -> [B, F] float64


class Features:
    """The features [B, F] float64 of observations [B, *O]; `squared_norm` is about that of each."""

    def __init__(self, config: Config, space: spaces.Box, seeds: Seeds) -> None:
        self._middle, self._half = middle_and_half(space, config.unbounded_range)
        dimensions = prod(space.shape)
        self.size = config.count(dimensions)
        self._map, self.squared_norm = _make(config, dimensions, seeds)

    def __call__(self, observations: Array) -> Array:
        flat = observations.reshape(len(observations), -1)
        return self._map(np.clip((flat - self._middle) / self._half, -1.0, 1.0).astype(np.float64))


def _make(config: Config, dimensions: int, seeds: Seeds) -> tuple[FeatureMap, float]:
    """The features that the settings name, and their squared norm: exact, in the mean, at most."""
    if config.features == "tiles":
        return tiles(config.tilings, config.tiles_per_dimension, dimensions), config.tilings
    if config.features == "rbf":
        from sklearn.kernel_approximation import RBFSampler  # takes a second to import

        sampler = RBFSampler(
            gamma=config.rbf_gamma, n_components=config.rbf_components, random_state=seeds.integer("features")
        )
        return sampler.fit(np.zeros((1, dimensions))).transform, 1.0
    from sklearn.preprocessing import PolynomialFeatures

    products = PolynomialFeatures(config.polynomial_degree).fit(np.zeros((1, dimensions)))
    return products.transform, float(config.count(dimensions))


def tiles(tilings: int, tiles_per_dimension: int, dimensions: int) -> FeatureMap:
    """Which box of each of `tilings` grids a point of [-1, 1]^D lies in: as many ones, the rest zeros.

    A grid has one box more along each dimension than `tiles_per_dimension`, so that shifted it still covers all. Grid k
    is shifted by k times (1, 3, 5, ...) / tilings boxes, modulo 1: the asymmetric displacements of Sutton and Barto
    (2018), section 9.5.4.
    """
    side = tiles_per_dimension + 1
    shifts = np.arange(tilings)[:, None] * (2 * np.arange(dimensions) + 1) / tilings % 1  # [tilings, D]
    place = side ** np.arange(dimensions)  # [D]
    grid = np.arange(tilings) * side**dimensions  # [tilings]

    def features(points: Array) -> Array:
        boxes = np.floor((points[:, None] + 1) / 2 * tiles_per_dimension + shifts).astype(np.int64)  # [B, tilings, D]
        boxes = np.minimum(boxes, tiles_per_dimension)
        found = np.zeros((len(points), tilings * side**dimensions))
        np.put_along_axis(found, boxes @ place + grid, 1.0, axis=1)
        return found

    return features
