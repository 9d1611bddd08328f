"""The folder of a comparison: pictures, page, numbers and event files, made anew as a whole each time.

It holds no `config.json`, so nothing takes it for a run.
"""

import json
from pathlib import Path

from rlab.folders import check_out, whole
from rlab.report.comparison.board import write_board
from rlab.report.comparison.charts import charts
from rlab.report.comparison.findings import Findings
from rlab.report.comparison.page import page
from rlab.report.comparison.pictures import picture
from rlab.report.comparison.words import summary
from rlab.types import UserError

NUMBERS, PAGE, SUMMARY = "comparison.json", "comparison.html", "comparison.md"


def folder_for(out: Path | None, root: Path, findings: Findings) -> Path:
    """Where a comparison is kept: `out`, or else below `root`, by environment and by what its groups have in common.

    Raises UserError if something else is there, if nothing can be written there, or if it is where the user is.
    """
    places = findings.environments
    parent = root / places[0].replace(":", "-") if len(places) == 1 else root
    folder = out or parent / "compare" / f"by-{findings.by}"
    if Path.cwd().is_relative_to(folder.resolve()):
        raise UserError(
            f"--out is where you are: received {folder}, which is made anew as a whole; allowed is one below it"
        )
    if not (folder / NUMBERS).is_file():
        check_out(folder)
    return folder


def write(folder: Path, findings: Findings) -> None:
    """Make the folder, in place of an earlier one."""
    drawn = charts(findings)
    pictures = {chart.name: picture(chart) for chart in drawn}
    with whole(folder) as draft:
        for name, (png, _, _) in pictures.items():
            (draft / f"{name}.png").write_bytes(png)
        (draft / PAGE).write_text(page(findings, drawn))
        (draft / SUMMARY).write_text(summary(findings))
        (draft / NUMBERS).write_text(json.dumps(findings.values(), indent=1, allow_nan=False) + "\n")
        write_board(draft, findings, pictures, summary(findings))
