"""A search in its folder, by Optuna: its trials so far, the next ones, and which of them are hopeless.

One process asks and tells. What is proposed as the n-th trial depends on n and on how those before it came out, on
nothing else: a search that was broken off goes on as if it had not been (with several trials at a time it also matters
which ends first).

Source: Akiba et al. (2019), Optuna; Bergstra et al. (2011), Algorithms for Hyper-Parameter Optimization (TPE); Li et
al. (2020), A System for Massively Parallel Hyperparameter Tuning (successive halving).
"""

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from rlab.seeding import Seeds
from rlab.tuning.space import Choice, Range, Space, grid
from rlab.types import UserError

STORAGE = "study.sqlite"
_STARTUP_TRIALS = 5  # before these have ended, none is compared with the median
_REDUCTION = 3  # successive halving lets one of so many go on


class Outcome(NamedTuple):
    """What came of a trial."""

    number: int  # from 1
    values: dict[str, Any]
    state: str  # complete, pruned or fail
    score: float | None
    steps: int
    reason: str  # why it failed


class Trial:
    """One choice of settings under way."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial, space: Space, steps: int) -> None:
        self.number = trial.number + 1
        self.values = {name: _value(one, trial.params[name]) for name, one in space.items()}
        self.over = False
        self._study = study
        self._trial = trial
        self._steps = steps
        self._reported = set(study.trials[trial.number].intermediate_values)
        self._decided = 0

    def look(self, scores: Sequence[tuple[int, float]]) -> bool:
        """Take note of scores after agent steps, all so far, oldest first; whether it is over, being hopeless."""
        for step, score in scores:
            if self.over or step <= self._decided:
                continue
            self._decided = step
            if step not in self._reported:
                self._trial.report(score, step)
            if step < self._steps and self._trial.should_prune():
                self._study.tell(self._trial, state=TrialState.PRUNED)
                self.over = True
                print(f"trial {self.number}: pruned at step {step:,}, {score:,.1f}", flush=True)
        return self.over

    def end(self, score: float) -> None:
        """It came to its end with this score; one that is no finite number can be compared with none."""
        if not math.isfinite(score):
            self.fail(f"its score is no finite number: {score}")
            return
        self._study.tell(self._trial, score)
        self.over = True
        print(f"trial {self.number}: {score:,.1f}", flush=True)

    def fail(self, reason: str) -> None:
        """It did not come to its end."""
        self._trial.set_user_attr("reason", reason)
        self._study.tell(self._trial, state=TrialState.FAIL)
        self.over = True
        print(f"trial {self.number} failed: {reason}", flush=True)


class Study:
    """All trials of a search. `start` are the settings that it starts from: its first trial, where the space has them.

    `steps` are those of a trial that comes to its end, `period` those between two scores. Raises UserError if there is
    something else in the place of the storage, or if a grid has a range without steps.
    """

    def __init__(
        self, folder: Path, space: Space, start: Mapping[str, Any], sampler: str, pruner: str, steps: int, period: int
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        self._sampler = sampler
        self._steps = steps
        self._points = grid(space) if sampler == "grid" else [start] if _has(space, start) else []
        _check_storage(folder / STORAGE)
        self._study = optuna.create_study(
            storage=f"sqlite:///{folder / STORAGE}",
            study_name="tune",
            direction="maximize",
            load_if_exists=True,
            pruner=_pruner(pruner, steps, period),
        )

    def to_do(self, count: int) -> int:
        """How many trials are left of so many."""
        return sum(not row.state.is_finished() for row in self._rows()) + max(0, count - len(self._rows()))

    def trials(self, count: int) -> Iterator[Trial]:
        """Those that are left of so many: first what was broken off, then new ones."""
        for row in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.sampler = self._proposing(row.number)
            yield self._trial(optuna.Trial(self._study, row._trial_id))
        while (number := len(self._rows())) < count:
            self._study.sampler = self._proposing(number)
            yield self._trial(self._study.ask())

    def outcomes(self) -> list[Outcome]:
        """Every trial that is over, in the order in which they began."""
        return [
            Outcome(
                row.number + 1,
                {name: _value(one, row.params[name]) for name, one in self._space.items() if name in row.params},
                row.state.name.lower(),
                row.value,
                row.last_step or 0,
                row.user_attrs.get("reason", ""),
            )
            for row in self._rows()
            if row.state.is_finished()
        ]

    def _rows(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _trial(self, trial: optuna.Trial) -> Trial:
        for name, one in self._space.items():
            if isinstance(one, Choice):
                trial.suggest_categorical(name, list(one.values))
            elif one.whole:
                trial.suggest_int(name, int(one.low), int(one.high), log=one.log, step=int(one.step or 1))
            else:
                trial.suggest_float(name, one.low, one.high, log=one.log, step=one.step)
        return Trial(self._study, trial, self._space, self._steps)

    def _proposing(self, number: int) -> optuna.samplers.BaseSampler:
        """What proposes a trial. Each has a stream of its own: one for all would begin anew with each call."""
        if number < len(self._points):
            point = self._points[number]
            return _Given({name: _parameter(one, point[name]) for name, one in self._space.items()})
        seed = Seeds(0).integer(f"trial {number}")
        return optuna.samplers.TPESampler(seed=seed) if self._sampler == "tpe" else optuna.samplers.RandomSampler(seed)


def _check_storage(path: Path) -> None:
    """Raise UserError if there is something else in the place of the storage, or if it is damaged."""
    if path.exists():
        with closing(sqlite3.connect(path)) as database:
            try:
                found = database.execute("PRAGMA quick_check").fetchone()[0]
            except sqlite3.OperationalError:  # of a disk, or of somebody who keeps it locked
                raise
            except sqlite3.DatabaseError as error:
                found = str(error)
        if found != "ok":
            raise UserError(f"{path} is not the storage of a search: {found}")


class _Given(optuna.samplers.BaseSampler):
    """Proposes what it is given."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._parameters[param_name]


def _has(space: Space, values: Mapping[str, Any]) -> bool:
    """Whether a space has the point with these values."""
    return all(one.has(values[name]) for name, one in space.items())


def _parameter(one: Range | Choice, value: Any) -> Any:
    """What Optuna has for a value. Its choices are what is written, as lists are none of those that it knows.

    A value may equal one that is written otherwise, as 0 does 0.0.
    """
    return next(text for text, own in one.values.items() if own == value) if isinstance(one, Choice) else value


def _value(one: Range | Choice, parameter: Any) -> Any:
    return one.values[parameter] if isinstance(one, Choice) else parameter


def _pruner(name: str, steps: int, period: int) -> optuna.pruners.BasePruner:
    """What tells that a trial is hopeless. In the first third of its steps, the median does not judge."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=steps // 3)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=period, reduction_factor=_REDUCTION)
    return optuna.pruners.NopPruner()
