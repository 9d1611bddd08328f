"""Folders and files appear whole, and what was there stays until they do."""

from pathlib import Path

import pytest

from rlab.folders import whole, write_whole


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    return tmp_path / "out"


def fill(folder):
    with whole(folder) as draft:
        (draft / "new").touch()


def fill_up(folder):
    """Fill it until the disk is full."""
    with whole(folder) as draft:
        (draft / "new").touch()
        raise OSError("the disk is full")


def inside(folder):
    return [path.name for path in folder.iterdir()]


def test_a_folder_is_made_anew_as_a_whole(folder):
    fill(folder)
    assert (inside(folder), inside(folder.parent)) == (["new"], ["out"])


def test_what_was_there_stays_if_it_fails(folder):
    with pytest.raises(OSError, match="full"):
        fill_up(folder)
    assert (inside(folder), inside(folder.parent)) == (["old"], ["out"])


def test_what_was_there_stays_if_the_new_one_cannot_take_its_place(folder, monkeypatch):
    rename = Path.rename

    def refused(path, target):
        if path.name.endswith(".draft"):
            raise OSError("the disk is full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="full"):
        fill(folder)
    assert (inside(folder), inside(folder.parent)) == (["old"], ["out"])


def test_what_a_killed_process_moved_aside_is_put_back(folder):
    folder.rename(folder.with_name(".out.old"))
    folder.with_name(".out.draft").mkdir()
    with pytest.raises(OSError, match="full"):
        fill_up(folder)
    assert (inside(folder), inside(folder.parent)) == (["old"], ["out"])


def test_a_file_that_cannot_take_its_place_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    def refused(path, target):
        raise OSError("the disk is full")

    write_whole(tmp_path / "plan.json", "the old one")
    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match="full"):
        write_whole(tmp_path / "plan.json", "the new one")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the old one"]


def test_a_link_to_a_folder_stays_one(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    for _ in range(2):
        fill(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (inside(folder), sorted(inside(tmp_path))) == (["new"], ["link", "out"])
