"""Take the games of a dataset that export.py made back as recorded games, which verify.py confirms.

python scripts/import_tapes.py DATASETS/CartPole-v1/random-demo-v0 --out FOLDER
"""

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from rlab import command_line, recording, rundir
from rlab.export import check_libraries
from rlab.recording import RECORDING, STREAM
from rlab.tapes import TapeStore


@dataclass(frozen=True)
class Options:
    """Take the games of a dataset that export.py made back as recorded games, which verify.py confirms."""

    dataset: Annotated[Path, tyro.conf.Positional]
    """The dataset's folder."""
    out: Path | None = None
    """The folder to make. None: checkpoints/<environment>/recorded/<time>-s<seed>."""


def main(arguments: Sequence[str]) -> None:
    options: Options = command_line.parse(Options, arguments, program="import_tapes.py", description=__doc__)
    check_libraries("minari")
    from rlab.export import datasets

    told, _ = datasets.read_recording(options.dataset)
    folder = recording.make_folder(options.out, told.environment, told.seed)
    try:
        with closing(TapeStore(folder / rundir.TAPES, create=True)) as store:
            for tape in datasets.read(options.dataset):
                store.write(tape)
            store.commit()
            games = store.table(STREAM)
        told.finished({game["number"]: game["score"] for game in games}).write(folder)
    finally:
        if not (folder / RECORDING).exists():
            shutil.rmtree(folder, ignore_errors=True)
    print(recording.describe(games, folder))


if __name__ == "__main__":
    command_line.run(main)
