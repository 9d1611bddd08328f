"""Plans are written as a whole, or not at all."""

from pathlib import Path

import pytest

from rlab.jobs.planned import write_text


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    write_text(tmp_path / "plan.json", "the old one")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="full"):
        write_text(tmp_path / "plan.json", "the new one")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the old one"]


def full(path, target):
    raise OSError("the disk is full")
