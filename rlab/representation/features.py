"""Features that probes compare: of an encoder, of a network that has learnt nothing, and principal components.

They are computed once for the moments of each part and kept, for every reader and label.
Source: Hands-On Machine Learning (first edition), chapter 11, "Caching the Frozen Layers".
"""

from collections.abc import Mapping

import keras
import numpy as np
from scipy import linalg

from rlab.nets.initialisers import fan_in
from rlab.representation.games import Games
from rlab.seeding import Seeds
from rlab.types import Array, UserError

_BATCH = 256
_FARTHEST = 10  # deviations: a unit that is hardly ever active may be thousands from its mean when it is
_NOTHING = 1e-6  # of the largest variance: below it float32 finds components where there are none


def encoded(encoder: keras.Model, games: Games, moments: Mapping[str, Array]) -> dict[str, Array]:
    """What an encoder makes of the moments [K] of each part: [K, D] float32.

    Each feature is less its mean in the training games, over its deviation there, and cut to +-10. Raises UserError if
    there are some that are not finite.
    """
    found = {}
    for part, places in moments.items():
        batches = [places[start : start + _BATCH] for start in range(0, len(places), _BATCH)]
        found[part] = np.concatenate([np.asarray(encoder(games.observations(batch))) for batch in batches])
    if not all(np.isfinite(each).all() for each in found.values()):
        raise UserError(f"{encoder.name} cannot be probed: some of its features are not finite")
    mean, deviation = found["train"].mean(axis=0), found["train"].std(axis=0)
    deviation[deviation < 1e-8] = 1  # constant
    return {
        part: np.clip((each - mean) / deviation, -_FARTHEST, _FARTHEST).astype(np.float32)
        for part, each in found.items()
    }


def untrained(encoder: keras.Model, seed: int) -> keras.Model:
    """A network of the same shape that has learnt nothing; its weights are drawn as those of the lab's encoders.

    They are others than an agent's with the same seed, beside which such a network is a control.
    """
    network = type(encoder).from_config(encoder.get_config())
    seeds = Seeds(Seeds(seed).integer("untrained"))
    for weight in network.trainable_variables:
        layer, _, name = weight.path.rpartition("/")
        if name == "kernel":
            weight.assign(fan_in(seeds, layer)(weight.shape))
    return network


def shape_of(encoder: keras.Model) -> str:
    """What two encoders share if a network that has learnt nothing is the same for both."""
    return str([(type(layer).__name__, [tuple(weight.shape) for weight in layer.weights]) for layer in encoder.layers])


def principal_components(games: Games, moments: Mapping[str, Array], count: int) -> dict[str, Array]:
    """Raw observations at the moments [K] of each part in their first principal components: [K, D] float32.

    There are `count`, or as many as the training moments have. All are divided by one number, so that they keep their
    proportions: each over its own deviation, the weakest, which are noise, would count as much as the strongest.

    They come from the products of all pairs of training moments, of which there are far fewer than pixels: of 6,000
    Atari observations 3,136 components take about 40 s of a processor core.
    """
    train = _flat(games, moments["train"])
    varies = np.ptp(train, axis=0) > 0
    train = train[:, varies].astype(np.float32)
    mean = train.mean(axis=0)
    train -= mean
    values, vectors = linalg.eigh(train @ train.T, driver="evd", overwrite_a=True, check_finite=False)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    there = values > _NOTHING * values[0]
    lengths = np.sqrt(values[there])
    directions = vectors[:, there] / lengths
    scale = np.sqrt(np.mean(values[there]) / len(train)) if there.any() else 1
    found = {}
    for part, places in moments.items():
        products = [
            (_flat(games, places[start : start + _BATCH])[:, varies].astype(np.float32) - mean) @ train.T
            for start in range(0, len(places), _BATCH)
        ]
        found[part] = (np.concatenate(products) @ directions / scale).astype(np.float32)
    return found


def _flat(games: Games, moments: Array) -> Array:
    return games.observations(moments).reshape(len(moments), -1)
