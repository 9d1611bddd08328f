"""Readers: what is fitted to read labels from features, by scikit-learn.

A reader yields what it reads for each setting of its regularisation, of which the validation games choose one. A place
or a count is read as a number, or, by softmax regression, as the cell that it lies in.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import NearestNeighbors

from rlab.types import Array

_ALPHAS = (1e1, 1e2, 1e3, 1e4, 1e5)  # weight of ridge regression's penalty
_INVERSE_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of softmax regression; each goes on where the one before ended
_ITERATIONS = 40  # of LBFGS for each: on Ms. Pac-Man scores stay within 0.2 pixels and 0.01 of those that converged
_NEIGHBOURS = (1, 4, 16, 64)
_TREES, _LEAVES = 25, (1, 10)  # in a forest; moments that a leaf holds at least


class Target(NamedTuple):
    """A label at the K moments where it is known."""

    values: Array  # [K] float64
    cell: float  # the width of a number's cells; 0: values are categories

    @property
    def classes(self) -> Array:
        """Categories, or the cells of numbers: [K] int64."""
        return np.floor(self.values / (self.cell or 1)).astype(np.int64)


class Read(NamedTuple):
    """What was read of a label at Q moments."""

    values: Array  # [Q]
    cells: Array | None = None  # [Q] int64, the most likely ones, if the reader chooses among cells

    def between(self, start: int, stop: int) -> "Read":
        """The part from `start` to before `stop`."""
        return Read(self.values[start:stop], None if self.cells is None else self.cells[start:stop])


Answers = Iterator[tuple[str, list[Read]]]  # the setting in words, and what is read of each target
Reader = Callable[[Array, Sequence[Target], Array, int], Answers]  # features [K, D], targets, features [Q, D], seed


def _ridge(features: Array, targets: Sequence[Target], asked: Array, seed: int) -> Answers:
    """Ridge regression; a category is that of the largest of its indicators."""
    kinds = [None if target.cell else np.unique(target.classes) for target in targets]
    columns = [
        target.values[:, None] if kind is None else target.classes[:, None] == kind
        for target, kind in zip(targets, kinds, strict=True)
    ]
    ends = np.cumsum([column.shape[1] for column in columns])
    wanted = np.concatenate(columns, axis=1).astype(np.float32)
    for alpha in _ALPHAS:
        found = Ridge(alpha, solver="cholesky").fit(features, wanted).predict(asked).reshape(len(asked), ends[-1])
        parts = zip(np.split(found, ends[:-1], axis=1), kinds, strict=True)
        yield (
            f"alpha {alpha:g}",
            [Read(part[:, 0] if kind is None else kind[part.argmax(axis=1)]) for part, kind in parts],
        )


def _softmax(features: Array, targets: Sequence[Target], asked: Array, seed: int) -> Answers:
    """Softmax regression; a number is the middle of the cell that holds the median of what it gives to all cells."""
    models: list[Any] = [
        LogisticRegression(max_iter=_ITERATIONS, warm_start=True)
        if len(np.unique(target.classes)) > 1
        else DummyClassifier()  # all in one cell
        for target in targets
    ]
    for inverse in _INVERSE_PENALTIES:
        found = []
        for model, target in zip(models, targets, strict=True):
            model.C = inverse
            likely = model.fit(features, target.classes).predict_proba(asked)
            best = model.classes_[likely.argmax(axis=1)]
            median = model.classes_[(np.cumsum(likely, axis=1) >= 0.5).argmax(axis=1)]
            found.append(Read((median + 0.5) * target.cell, best) if target.cell else Read(best))
        yield f"C {inverse:g}", found


def _neighbours(features: Array, targets: Sequence[Target], asked: Array, seed: int) -> Answers:
    """The mean of the nearest neighbours, or what most of them are."""
    most = min(max(_NEIGHBOURS), len(features))
    nearest = NearestNeighbors(n_neighbors=most, algorithm="brute").fit(features).kneighbors(asked, None, False)
    for count in _NEIGHBOURS:
        if count <= most:
            yield f"k {count}", [Read(_vote(target, nearest[:, :count])) for target in targets]


def _vote(target: Target, nearest: Array) -> Array:
    if target.cell:
        return np.asarray(target.values[nearest].mean(axis=1))
    kinds = np.unique(target.classes)
    votes = (target.classes[nearest][..., None] == kinds).sum(axis=1)
    return np.asarray(kinds[votes.argmax(axis=1)])


def _forest(features: Array, targets: Sequence[Target], asked: Array, seed: int) -> Answers:
    """A random forest for each target."""
    for leaf in _LEAVES:
        found = []
        for target in targets:
            kind = RandomForestRegressor if target.cell else RandomForestClassifier
            model = kind(_TREES, min_samples_leaf=leaf, max_features="sqrt", random_state=seed)
            wanted = target.values if target.cell else target.classes
            found.append(Read(model.fit(features, wanted).predict(asked)))
        yield f"leaf {leaf}", found


def _guess(features: Array, targets: Sequence[Target], asked: Array, seed: int) -> Answers:
    """What is read without looking: the median, or the most frequent class or cell."""
    found = []
    for target in targets:
        frequent = DummyClassifier(strategy="most_frequent").fit(features, target.classes).predict(asked)
        if target.cell:
            middle = DummyRegressor(strategy="median").fit(features, target.values).predict(asked)
            found.append(Read(middle, frequent))
        else:
            found.append(Read(frequent))
    yield "", found


READERS: dict[str, Reader] = {
    "ridge": _ridge,
    "softmax": _softmax,
    "neighbours": _neighbours,
    "forest": _forest,
    "guess": _guess,
}
JOINT = ("ridge", "neighbours", "guess")  # read many targets in hardly more time than one
