"""Several runs that differ in their seed alone: trained and scored, and gone on with by the same command."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rlab.command_line import without
from rlab.config import Settings
from rlab.jobs.wanted import Wanted
from rlab.jobs.work import Job, Work, script, share_of_cores
from rlab.pretrained import digest
from rlab.rundir import changes
from rlab.types import UserError

_OWN = ("--seeds", "--jobs", "--seed", "--threads", "--score-episodes")  # options that a run is given for itself


@dataclass(frozen=True)
class Series:
    """The runs: their settings but for the seed, their seeds, where they lie, and how many games score each."""

    settings: Settings
    seeds: Sequence[int]
    root: Path
    score_episodes: int
    read_settings: Callable[[Path], Settings]  # of a run

    def _wanted(self, seed: int) -> Wanted:
        run = replace(self.settings.run, seed=seed)
        same = partial(_same, replace(self.settings, run=run), self.read_settings)
        place = self.root, run.env, self.settings.agent
        return Wanted(*place, seed, run.steps, self.score_episodes, meant=same, minutes=run.minutes)

    def train(self, scripts: Path, arguments: Sequence[str], jobs: int) -> bool:
        """Train and score what is not there yet, `jobs` runs at a time; False if the user interrupted it.

        `arguments` are those of train.py, which lies in `scripts`. Raises UserError if a seed is out of range, or, once
        the others are done, if runs failed.
        """
        all_wanted = [self._wanted(seed) for seed in self.seeds]
        run, agent = self.settings.run, self.settings.agent
        threads = run.threads or (share_of_cores(jobs) if jobs > 1 else 0)
        begin = [*without(_OWN, arguments), "--threads", threads, "--score-episodes", 0]
        logs = self.root / run.env.replace(":", "-") / agent / "logs"
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        long = f"{run.steps:,} steps" + (f" or {run.minutes:g} minutes" if run.minutes is not None else "")
        print(f"{agent} ({self.settings.preset}) on {run.env}, {long}, {seeds}")
        print(f"what each run prints: {logs}", flush=True)
        failures: list[str] = []

        def failed(reason: str) -> None:
            failures.append(reason)
            print(reason, flush=True)

        todo = []
        for wanted in all_wanted:
            if (there := wanted.finished()) is not None:
                print(f"seed {wanted.seed} is there already: {'; '.join([str(there), *changes(there)])}", flush=True)
                continue
            log = logs / f"{self.settings.hash}-s{wanted.seed}.txt"
            call = partial(_next_call, scripts, wanted, begin)
            todo.append(Job(f"seed {wanted.seed}", call, log, failed=failed))
        done = Work(todo, len(todo), jobs).do()
        if done and failures:
            raise UserError(f"{len(failures)} of {len(all_wanted)} runs failed; the same command tries them again")
        return done

    def tell(self) -> None:
        """Say how the runs, all of them finished, are looked at."""
        runs = [str(self._wanted(seed).finished()) for seed in self.seeds]
        if self.score_episodes:
            print(f"see them together: {shlex.join(['python', 'scripts/compare.py', *runs])}")
        print(f"watch a game:      {shlex.join(['python', 'scripts/watch.py', runs[0]])}")
        print(f"see the curves:    tensorboard --logdir {shlex.quote(str(self.root))}")


def _next_call(scripts: Path, wanted: Wanted, begin: Sequence[object]) -> list[str] | None:
    return script(scripts, wanted.next_call([*begin, "--seed", wanted.seed]))


def _same(settings: Settings, read_settings: Callable[[Path], Settings], run: Path) -> bool:
    """Whether a run has these settings, but for its threads, which are its own affair, and what "auto" came to."""
    try:
        there = read_settings(run)
    except UserError:
        return False
    own = replace(there.run, threads=settings.run.threads)
    if settings.run.precision == "auto":
        own = replace(own, precision="auto")
    taken_over = getattr(settings.config, "taken_over", {})
    return replace(there, run=own) == settings and all(
        digest(path) == digest(run / f"{kind}.keras") for kind, path in taken_over.items()
    )
