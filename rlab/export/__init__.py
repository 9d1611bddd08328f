"""What the lab hands on to other programs: policies as files that run without it, and games as datasets."""

from importlib.util import find_spec

from rlab.types import UserError

_NEEDS = {"onnx": ("onnx", "onnxruntime", "tf2onnx"), "minari": ("minari",)}  # beside what the lab needs anyway


def check_libraries(kind: str) -> None:
    """Raise UserError if a library is missing that exporting to a format takes."""
    missing = [name for name in _NEEDS.get(kind, ()) if find_spec(name) is None]
    if missing:
        raise UserError(
            f"--format {kind} needs {' and '.join(missing)}: install what exporting takes, pip install -e '.[export]'"
        )
