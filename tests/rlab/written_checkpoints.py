"""Checkpoints for the tests of those who write and read them."""

from rlab import checkpoint


def fill(folder):
    (folder / "weights").write_bytes(b"0123456789")
    (folder / "inner").mkdir()
    (folder / "inner" / "state.json").write_text("{}\n")
    (folder / "empty").write_bytes(b"")


def write(run, *steps):
    return [checkpoint.write(run, step, fill) for step in steps]
