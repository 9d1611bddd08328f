"""A run that is wanted: found again among those that there are, and what is left to do of it.

Nothing of it is remembered beside the runs: a run tells by its checkpoints and its evaluation how far it is.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rlab import checkpoint
from rlab.budget import Budget
from rlab.evaluation import RESULT, Evaluation
from rlab.rundir import is_run, locked
from rlab.types import UserError


@dataclass(frozen=True)
class Wanted:
    """A run of so many steps or minutes below `root`, with an evaluation of so many games at its end (0: none)."""

    root: Path
    environment: str
    agent: str
    seed: int
    steps: int
    score_episodes: int
    meant: Callable[[Path], bool] = lambda run: True  # whether a run with this seed is it, where others lie beside it
    minutes: float | None = None  # which end it sooner than its steps do; None: the steps alone

    @property
    def begun(self) -> list[Path]:
        """The folders that `rlab.rundir.create` made for it, latest first."""
        parent = self.root / self.environment.replace(":", "-") / self.agent
        runs = sorted((run for run in parent.glob("*") if self._has_seed(run)), reverse=True)
        return [run for run in runs if self.meant(run)]

    def _has_seed(self, run: Path) -> bool:
        return re.search(rf"-s{self.seed}(-\d+)?$", run.name) is not None

    def find(self) -> Path | None:
        """The one that is furthest; None if none has a whole checkpoint."""
        steps = {run: step for run in self.begun if (step := _step(run)) is not None}
        return max(steps, key=steps.__getitem__, default=None)

    def finished(self) -> Path | None:
        """The one that is trained and, where that is wanted, scored."""
        run = self.find()
        return run if run is not None and self._trained(run) and self._scored(run) else None

    def next_call(self, begin: Sequence[object]) -> list[str] | None:
        """The script that is to be called next and its arguments; None if nothing is left to do.

        `begin` are the arguments with which train.py begins it. What is there of a run that was stopped before its
        first checkpoint goes, as nothing goes on from it. Raises UserError if another process is at that, or if there
        was more of it once.
        """
        run = self.find()
        if run is None:
            for begun in self.begun:
                with locked(begun):
                    if (begun / RESULT).exists() or checkpoint.all_of(begun):
                        raise UserError(
                            f"{begun} was further once, but has no whole checkpoint left: delete it to train it anew"
                        )
                    shutil.rmtree(begun)
            return _words("train.py", *begin)
        if not self._trained(run):
            return _words("train.py", "--resume", run, "--score-episodes", 0)
        if not self._scored(run):
            return _words("evaluate.py", run, "--episodes", self.score_episodes)
        return None

    def _trained(self, run: Path) -> bool:
        return Budget(self.steps, self.minutes).ends(checkpoint.latest(run))

    def _scored(self, run: Path) -> bool:
        """Whether its best checkpoint is, which after more training may be another than the scored one."""
        if not self.score_episodes:
            return True
        with suppress(UserError):
            evaluation = Evaluation.read(run)
            best = checkpoint.step_of(checkpoint.chosen(run, checkpoint.BEST))
            return evaluation.step == best and len(evaluation.scores) >= self.score_episodes
        return False


def _step(run: Path) -> int | None:
    with suppress(UserError):
        return checkpoint.step_of(checkpoint.latest(run)) if is_run(run) else None
    return None


def _words(*words: object) -> list[str]:
    return [str(word) for word in words]
