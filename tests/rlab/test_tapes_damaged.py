"""The episode store: what is missing, foreign or damaged is refused in one line."""

import sqlite3

import numpy as np
import pytest

from rlab import tapes
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.rlab.written_tapes import a_tape, write_tapes


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tapes.sqlite"


@pytest.fixture
def written(path):
    """The path of a store that holds tapes 0 to 9 of `train`."""
    write_tapes(path)
    return path


def one_line(raised):
    """The message of a UserError that was raised, which must be one line."""
    message = str(raised.value)
    assert "\n" not in message
    return message


def alter(path, statement, *values):
    """Change a store behind its back."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def test_a_missing_file_is_refused(path):
    with pytest.raises(UserError) as raised:
        TapeStore(path)
    assert str(path) in one_line(raised)
    assert not path.exists()


@pytest.mark.parametrize(
    ("stream", "number", "held"), [("train", 10, "0 to 9"), ("train", -1, "0 to 9"), ("eval", 0, "none")]
)
def test_a_missing_number_is_refused(written, stream, number, held):
    with pytest.raises(UserError) as raised:
        TapeStore(written).read(stream, number)
    message = one_line(raised)
    assert f"{stream} {number}" in message
    assert message.endswith(held)


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("content", [b"no database at all, but some text" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_a_file_of_another_kind_is_refused(path, content, create):
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        TapeStore(path, create=create)
    assert str(path) in one_line(raised)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("table", "create"),
    [("songs (title TEXT)", False), ("tapes (stream TEXT, number INTEGER)", False), ("tapes (stream TEXT)", True)],
)
def test_a_database_of_another_kind_is_refused(path, table, create):
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {table}")
    connection.close()
    with pytest.raises(UserError) as raised:
        TapeStore(path, create=create)
    assert "is not a tape store of this version" in one_line(raised)


def test_a_store_that_another_process_keeps_is_not_called_damaged(written, monkeypatch):
    monkeypatch.setattr(tapes, "_PATIENCE", 0.05)
    reader = TapeStore(written)
    writer = sqlite3.connect(written)
    writer.execute("BEGIN EXCLUSIVE")
    for read in (lambda: reader.table("train"), lambda: TapeStore(written)):
        with pytest.raises(UserError, match="is being written by another process: try again later"):
            read()
    writer.rollback()
    assert len(reader.table("train")) == 10


@pytest.mark.parametrize("kept", [100, 5000])
def test_a_torn_file_is_refused(written, kept):
    written.write_bytes(written.read_bytes()[:kept])
    with pytest.raises(UserError) as raised:
        list(TapeStore(written).all("train"))
    assert str(written) in one_line(raised)


@pytest.mark.parametrize(
    "look",
    [lambda store: list(store.all("train")), lambda store: store.table("train"), lambda store: store.read("train", 99)],
    ids=["all", "table", "read"],
)
def test_a_garbled_page_is_reported(written, look):
    content = bytearray(written.read_bytes())
    page = 4096  # the second holds the table's rows, the first its columns
    content[page : page + 200] = b"\xff" * 200
    written.write_bytes(content)
    with pytest.raises(UserError) as raised:
        look(TapeStore(written))
    assert str(written) in one_line(raised)


def test_a_word_that_is_none_is_reported(written):
    alter(written, "UPDATE tapes SET version = CAST(x'ff' AS TEXT) WHERE number = 4")
    with pytest.raises(UserError) as raised:
        TapeStore(written).read("train", 4)
    assert str(written) in one_line(raised)


@pytest.mark.parametrize("column", ["actions", "rewards"])
def test_any_flipped_byte_of_an_array_is_found(written, column):
    connection = sqlite3.connect(written)
    (blob,) = connection.execute(f"SELECT {column} FROM tapes WHERE number = 4").fetchone()
    connection.close()
    for position in range(2, len(blob)):  # the two bytes before are settings of zlib, some of which do no harm
        flipped = bytearray(blob)
        flipped[position] ^= 1
        alter(written, f"UPDATE tapes SET {column} = ? WHERE number = 4", bytes(flipped))
        with pytest.raises(UserError, match="train 4"):
            TapeStore(written).read("train", 4)


@pytest.mark.parametrize(
    "change",
    ["length = 6", "score = 2.5", "score = NULL", "actions = NULL", "rewards = 'text'", "actions = zeroblob(20)"],
)
def test_a_changed_column_is_found(written, change):
    alter(written, f"UPDATE tapes SET {change} WHERE number = 4")
    with pytest.raises(UserError, match="train 4") as raised:
        TapeStore(written).read("train", 4)
    assert str(written) in one_line(raised)


def test_an_array_of_another_length_is_found(path):
    store = TapeStore(path, create=True)
    store.write(a_tape(rewards=np.zeros(4, np.float32)))
    with pytest.raises(UserError, match="train 0"):
        store.read("train", 0)
