"""Torn checkpoints: whatever is missing or different in one, it is told, and an older one is taken."""

import os
import shutil

import pytest

from rlab import checkpoint
from rlab.types import UserError
from tests.rlab.written_checkpoints import write


def remove_a_file(place):
    (place / "weights").unlink()


def remove_an_empty_file(place):
    (place / "empty").unlink()


def remove_a_folder(place):
    shutil.rmtree(place / "inner")


def change_a_byte(place):
    (place / "weights").write_bytes(b"0123x56789")


def cut_a_file(place):
    os.truncate(place / "weights", 9)


def empty_a_file(place):
    os.truncate(place / "inner" / "state.json", 0)


def put_a_folder_in_place_of_a_file(place):
    (place / "weights").unlink()
    (place / "weights").mkdir()


def remove_the_manifest(place):
    (place / checkpoint.MANIFEST).unlink()


def cut_the_manifest(place):
    os.truncate(place / checkpoint.MANIFEST, 30)


def empty_the_manifest(place):
    os.truncate(place / checkpoint.MANIFEST, 0)


def fill_the_manifest_with_zeros(place):
    manifest = place / checkpoint.MANIFEST
    manifest.write_bytes(bytes(manifest.stat().st_size))


def have_no_digests(place):
    (place / checkpoint.MANIFEST).write_text('{"step": 2}')


def have_digests_of_another_kind(place):
    (place / checkpoint.MANIFEST).write_text('{"step": 2, "sha256": ["weights"]}')


def remove_everything(place):
    for path in place.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


DAMAGES = [
    (remove_a_file, "is torn: weights is missing"),
    (remove_an_empty_file, "is torn: empty is missing"),
    (remove_a_folder, "is torn: inner/state.json is missing"),
    (change_a_byte, "is damaged: weights has another digest"),
    (cut_a_file, "is damaged: weights has another digest"),
    (empty_a_file, "is damaged: inner/state.json has another digest"),
    (put_a_folder_in_place_of_a_file, "is torn: weights is missing"),
    (remove_the_manifest, "is torn: it has no manifest.json"),
    (cut_the_manifest, "is torn: its manifest.json cannot be read"),
    (empty_the_manifest, "is torn: its manifest.json cannot be read"),
    (fill_the_manifest_with_zeros, "is torn: its manifest.json cannot be read"),
    (have_no_digests, "is torn: its manifest.json cannot be read"),
    (have_digests_of_another_kind, "is torn: its manifest.json cannot be read"),
    (remove_everything, "is torn: it has no manifest.json"),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGES)
def test_a_torn_checkpoint_is_passed_over(tmp_path, damage, reason):
    whole, torn = write(tmp_path, 1, 2)
    damage(torn)
    assert checkpoint.latest(tmp_path) == whole
    assert f"{torn} {reason}" in checkpoint.damage(torn)
    with pytest.raises(UserError, match=reason):
        checkpoint.chosen(tmp_path, "2")
    shutil.rmtree(whole)
    with pytest.raises(UserError, match=f"no whole checkpoint in {tmp_path}: {torn} {reason}"):
        checkpoint.latest(tmp_path)


def test_a_torn_checkpoint_is_written_again(tmp_path):
    (torn,) = write(tmp_path, 5)
    remove_a_file(torn)
    assert write(tmp_path, 5) == [torn]
    assert checkpoint.damage(torn) is None


def test_a_torn_best_is_refused(tmp_path):
    best, _ = write(tmp_path, 1, 2)
    checkpoint.point_best(tmp_path, best)
    change_a_byte(best)
    with pytest.raises(UserError, match="is damaged"):
        checkpoint.chosen(tmp_path, "best")
