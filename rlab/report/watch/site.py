"""The files of the page: those in `page/`, and the charts' library, which comes with the installed package plotly."""

from importlib import resources
from pathlib import Path

PAGE = Path(__file__).with_name("page")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".webp": "image/webp",
}


def files() -> dict[str, Path]:
    """Where each file of the page is, by its name there."""
    plotly = Path(str(resources.files("plotly").joinpath("package_data", "plotly.min.js")))
    return {**{path.name: path for path in sorted(PAGE.iterdir())}, plotly.name: plotly}
