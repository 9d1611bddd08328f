"""A released agent: what of a run others need to play, watch and verify it, small enough to be kept in version control.

Of the checkpoint that its evaluation was made with, a release has what playing needs; of the tapes, the games of that
evaluation; and the settings, the origin, the log for TensorBoard and a card. It cannot be trained on.
"""

import json
import shutil
from pathlib import Path

from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.evaluation import RESULT, Evaluation, way_to_score
from rlab.folders import whole
from rlab.pretrained import kept
from rlab.report.card import card
from rlab.rundir import CONFIG, ORIGIN, TAPES, read_origin
from rlab.tapes import TapeStore
from rlab.training import TRAINING_FILES
from rlab.types import UserError

CARD = "README.md"


def release(run: Path, settings: Settings, usual: RunConfig, folder: Path) -> None:
    """Make the new folder `folder` of an evaluated run; `usual` is how one of its preset is begun.

    Raises UserError if the run has no evaluation, or none of its best checkpoint, or if the folder exists.
    """
    evaluation = Evaluation.read(run)
    place = checkpoint.chosen(run, checkpoint.BEST)
    best = checkpoint.step_of(place)
    if best != evaluation.step:
        raise UserError(
            f"the evaluation of {run} is of step {evaluation.step}, its best checkpoint of {best}: "
            f"make one of that with {way_to_score(run)}"
        )
    if folder.exists():
        raise UserError(f"{folder} is there already: choose another name, or delete it first")
    with whole(folder) as draft:
        _fill(draft, run, place)
        (draft / CARD).write_text(card(draft, settings, usual, evaluation, folder))


def _fill(draft: Path, run: Path, place: Path) -> None:
    for name in (CONFIG, RESULT):
        shutil.copy(run / name, draft)
    for path in [*run.glob("events.out.*"), *kept(run)]:
        shutil.copy(path, draft)
    origin = read_origin(run)
    (draft / ORIGIN).write_text(json.dumps({**origin, "command": _command(origin["command"])}, indent=2) + "\n")
    games = TapeStore(run / TAPES)
    store = TapeStore(draft / TAPES, create=True)
    for tape in games.all("eval"):  # one at a time, as they may hold what was observed
        store.write(tape)
    store.commit()
    store.close()
    games.close()
    checkpoint.point_best(draft, checkpoint.write(draft, checkpoint.step_of(place), lambda to: _copy(place, to)))


def _copy(place: Path, to: Path) -> None:
    """The files of a checkpoint that playing needs."""
    for path in place.iterdir():
        if path.name not in (*TRAINING_FILES, checkpoint.MANIFEST) and not path.name.startswith("learner."):
            shutil.copy(path, to)


def _command(words: list[str]) -> list[str]:
    """A training's command without where script and runs were, which is the business of the machine it ran on."""
    python, script, *words = words
    kept = [python, f"scripts/{Path(script).name}"]
    for word, before in zip(words, ["", *words], strict=False):
        if "--root" not in (word, before) and not word.startswith("--root="):
            kept.append(word)
    return kept
