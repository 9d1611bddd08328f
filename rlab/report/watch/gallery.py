"""Which games of a run there are, and which of them stand out."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from rlab import checkpoint
from rlab.report.watch.prepare import POSTER, place_of
from rlab.report.watch.source import Source
from rlab.rundir import TAPES
from rlab.tapes import STREAMS, TapeStore
from rlab.types import UserError

EVALUATIONS = ("eval", "validation")
_COLUMNS = ("number", "step", "length", "score")

Table = Sequence[Mapping[str, Any]]  # of the games of a stream, see `TapeStore.table`
Game = tuple[str, int]  # stream and number


def tables(source: Source) -> Mapping[str, Table]:
    """The games of each stream that has some. Raises UserError if there are none at all."""
    with closing(TapeStore(source.folder / TAPES)) as store:
        found = {stream: games for stream in STREAMS if (games := store.table(stream))}
    if not found:
        raise UserError(f"{source.folder} holds no games yet")
    return found


def marked(games: Mapping[str, Table]) -> dict[str, Game]:
    """The games that stand out, by what they are; of equal scores the earlier game.

    Best, worst and median are those of all games; of the latest evaluation it is the best.
    """
    everything = [(row["score"], stream, row["number"]) for stream, rows in games.items() for row in rows]
    ranked = sorted(everything, key=lambda game: game[0])  # which keeps the order of equal ones
    best = max(everything, key=lambda game: game[0])
    found = {"best": best, "worst": ranked[0], "median": ranked[(len(ranked) - 1) // 2]}
    evaluation = next((stream for stream in EVALUATIONS if stream in games), None)
    if evaluation is not None:
        latest = [row for row in games[evaluation] if row["step"] == games[evaluation][-1]["step"]]
        row = max(latest, key=lambda row: row["score"])
        found["latest evaluation"] = row["score"], evaluation, row["number"]
    found["first ever"] = everything[0]
    return {mark: (stream, number) for mark, (_, stream, number) in found.items()}


def gallery(source: Source, games: Mapping[str, Table], shown: Mapping[str, Table]) -> dict[str, Any]:
    """A run as the page shows it: what it is, its checkpoints, which games stand out, and those that are shown."""
    settings = source.settings
    marks = [
        {"mark": mark, "stream": stream, "number": number, "poster": _poster(source, stream, number)}
        for mark, (stream, number) in marked(games).items()
    ]
    try:
        best = checkpoint.step_of(checkpoint.chosen(source.folder, checkpoint.BEST))
    except UserError:
        best = None
    return {
        "name": source.folder.resolve().name,
        "environment": settings.run.env,
        "agent": settings.agent,
        "preset": settings.preset,
        "protocol": settings.run.protocol,
        "seed": settings.run.seed,
        "steps": settings.run.steps,
        "checkpoints": [checkpoint.step_of(place) for place in checkpoint.all_of(source.folder)],
        "best": best,
        "recorded": sum(map(len, games.values())),
        "games": {stream: {name: [row[name] for row in rows] for name in _COLUMNS} for stream, rows in shown.items()},
        "marks": marks,
    }


def _poster(source: Source, stream: str, number: int) -> str | None:
    """The picture of a game, below <run>/watch/, if it was prepared; why a game cannot be is told who opens it."""
    try:
        path = place_of(source, source.read(stream, number)) / POSTER
    except UserError:
        return None
    return f"{path.parent.name}/{path.name}" if path.is_file() else None
