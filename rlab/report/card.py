"""The card of a released agent: its score, how it was trained, and how to look at it, in Markdown."""

import shlex
from pathlib import Path

import numpy as np

from rlab.command_line import given
from rlab.config import RunConfig, Settings
from rlab.evaluation import Evaluation
from rlab.report.curves import clock
from rlab.report.scores import mean_interval
from rlab.rundir import read_origin
from rlab.tensorboard import read_scalars
from rlab.types import UserError

_WINDOWS = 20  # rows of the learning curve


def card(folder: Path, settings: Settings, usual: RunConfig, evaluation: Evaluation, where: Path) -> str:
    """The card of the agent in `folder`, which holds origin and event file of its run, to be kept in `where`.

    `usual` is how a run of its preset is begun if the command says nothing else. Raises UserError if its log is empty.
    """
    origin = read_origin(folder)
    scalars = read_scalars(folder)
    numbers = [*mean_interval(evaluation.scores), float(np.median(evaluation.scores)), max(evaluation.scores)]
    mean, low, high, median, best = (f"{number:,.{0 if numbers[0] >= 100 else 2}f}" for number in numbers)
    if "train/frames" not in scalars:
        raise UserError(f"{folder} was stopped before the first entry of its log, which tells how it was trained")
    seconds = clock(scalars)[1][-1]
    steps, frames = scalars["train/frames"][-1]  # as far as it came, the last turn whole
    departures = ", ".join(evaluation.departed()) or "none"
    versions = ", ".join(f"{name} {version}" for name, version in origin["versions"].items())
    train, there = shlex.join(origin["command"]), shlex.quote(str(where))
    longer = ""
    for name in ("steps", "minutes"):
        asked, ended = given(origin["command"], f"--{name}"), getattr(settings.run, name)
        unreached = name == "steps" and steps < ended  # the clock ended it
        if not unreached and ended != _number(asked, getattr(usual, name)):
            longer += f" --{name} {ended}" if ended is None else f" --{name} {ended:.15g}"
    if longer:
        train += f"\npython scripts/train.py --resume RUN{longer}"
    repeated = ""
    if settings.run.minutes is not None:
        options = f"--minutes None --steps {steps} --precision {settings.run.precision}"
        repeated = f"; with `{options}` one command repeats it"
    return f"""# {settings.agent} on {settings.run.env}

**{mean} points** [{low}, {high}]: mean and 95% interval (BCa bootstrap over games) of
{len(evaluation.scores)} full games under `{evaluation.protocol}`, on seeds that neither training nor the choice of the
checkpoint saw; median {median}, best {best}. One run: it says nothing
about other seeds of training.

    python scripts/watch.py {there}
    python scripts/verify.py {there}
    tensorboard --logdir {there}

## How it was made

```
{train}
python scripts/evaluate.py RUN --episodes {len(evaluation.scores)}
```

| | |
|---|---|
| preset | `{settings.preset}`, every setting in `config.json` (hash `{settings.hash}`) |
| training | {steps:,} steps, {frames:,.0f} frames, seed {settings.run.seed}{repeated} |
| checkpoint | the best of its validation games, after {evaluation.step:,} steps |
| departures from the protocol | {departures} |
| time | {seconds / 3600:.1f} hours, validation games included |
| machine | {origin["device"]}; {origin.get("processor", "processor unknown")}; {origin["system"]} |
| started | {origin["started"][:10]}, commit `{origin["git"]}` |
| versions | Python {origin["python"]}, {versions} |

## Learning curve

Mean raw score of the training games that ended in each window of steps, and of the last validation
games in it.

| steps | training | games | validation [95%] |
|---|---|---|---|
{_curve(scalars, steps)}
"""


def _number(asked: str, usual: float | None) -> float | None:
    """What an option came to, of which the command says `asked`, or nothing."""
    if not asked:
        return usual
    return None if asked == "None" else float(asked)


def _curve(scalars: dict[str, list[tuple[int, float]]], steps: int) -> str:
    games = dict(scalars["train/episodes"])  # of which the last one may not be written, as the ends of an interval
    scored = [(step, score, games[step]) for step, score in scalars.get("train/score", []) if step in games]
    validation = [dict(scalars.get(f"eval/{name}", [])) for name in ("score", "score_low", "score_high")]
    rows = []
    for window in range(_WINDOWS):
        begin, end = window * steps // _WINDOWS, (window + 1) * steps // _WINDOWS
        inside = [(score, count) for step, score, count in scored if begin < step <= end]
        count = sum(count for _, count in inside)
        training = f"{sum(score * count for score, count in inside) / count:,.0f}" if count else ""
        at = max((step for step in validation[-1] if begin < step <= end), default=None)
        words = "{:,.0f} [{:,.0f}, {:,.0f}]".format(*(values[at] for values in validation)) if at else ""
        rows.append(f"| {end:,} | {training} | {count:.0f} | {words} |")
    return "\n".join(rows)
