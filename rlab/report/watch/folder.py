"""The watch page as a folder, to open from a disk or to put on any static host."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rlab.folders import check_out, whole
from rlab.report.watch import site
from rlab.report.watch.gallery import Game, gallery, marked, tables
from rlab.report.watch.library import Library, as_json
from rlab.report.watch.prepare import POSTER, VIDEO, place_of
from rlab.report.watch.source import PLAYED_BY


def write(
    library: Library, out: Path, named: Sequence[Sequence[Game]], on_game: Callable[[str], None] = lambda game: None
) -> None:
    """Write the page with the games of each run that stand out, and those of it that are `named`.

    The folder appears at `out` when it is whole. `on_game` is told each game as it is prepared. Raises UserError if
    something is there already, or if a game is not confirmed.
    """
    check_out(out)
    with whole(out) as draft:
        _fill(library, draft, named, on_game)


def _fill(library: Library, draft: Path, named: Sequence[Sequence[Game]], on_game: Callable[[str], None]) -> None:
    runs = []
    for run, source in enumerate(library.sources):
        games = tables(source)
        chosen = dict.fromkeys([*marked(games).values(), *named[run]])
        for stream, number in chosen:
            on_game(f"{source.folder}: {stream} game {number}")
            values = library.timeline(run, stream, number)
            _write_data(draft, f"{run}/{stream}/{number}/{PLAYED_BY}", values)
            prepared = place_of(source, source.read(stream, number))
            place = draft / "watch" / str(run) / prepared.name
            place.mkdir(parents=True)
            for name in (VIDEO, POSTER):
                if (prepared / name).is_file():
                    shutil.copy(prepared / name, place / name)
        shown = {stream: [row for row in rows if (stream, row["number"]) in chosen] for stream, rows in games.items()}
        runs.append(gallery(source, games, shown))
    _write_data(draft, "gallery", {"runs": runs})
    for name, path in site.files().items():
        shutil.copy(path, draft / name)
    # Pages from a disk may not fetch, but they may load scripts.
    (draft / "source.js").write_text('"use strict";\nconst FROM_FOLDER = true;\n')


def _write_data(draft: Path, name: str, values: Mapping[str, Any]) -> None:
    """Write what the server would answer to `data/<name>.json` as a script that hands it to the page."""
    path = draft / "data" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"received(" + as_json(name) + b"," + as_json(values) + b");\n")
