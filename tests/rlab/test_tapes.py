"""The episode store: what is written is read, by others too once it is committed."""

from dataclasses import asdict

import numpy as np
import pytest

from rlab.tapes import BROKEN_OFF, TapeStore
from tests.rlab.written_tapes import a_tape, write_tapes

BOX_ACTIONS = np.random.default_rng(0).random((5, 2), np.float32)
SCREENS = np.random.default_rng(1).integers(256, size=(6, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tapes.sqlite"


@pytest.fixture
def written(path):
    """The path of a store that holds tapes 0 to 9 of `train`."""
    write_tapes(path)
    return path


@pytest.mark.parametrize(
    "tape",
    [
        a_tape(),
        a_tape(terminated=False, stream="eval"),
        a_tape(actions=BOX_ACTIONS),
        a_tape(observations=SCREENS),
        a_tape(length=0, observations=SCREENS[:1]),
    ],
    ids=["discrete actions", "truncated", "box actions", "observations", "no steps"],
)
def test_what_is_written_is_read(path, tape):
    store = TapeStore(path, create=True)
    store.write(tape)
    store.commit()
    read = TapeStore(path).read(tape.stream, tape.number)
    np.testing.assert_equal(asdict(read), asdict(tape))
    for name in ("actions", "rewards"):
        assert getattr(read, name).dtype == getattr(tape, name).dtype
    assert type(read.terminated) is bool


def test_streams_are_read_in_the_order_of_their_numbers(path):
    store = TapeStore(path, create=True)
    for number, stream in [(3, "train"), (0, "eval"), (1, "train"), (11, "train"), (2, "train")]:
        store.write(a_tape(number, stream=stream))
    assert [tape.number for tape in store.all("train")] == [1, 2, 3, 11]
    assert [tape.number for tape in store.all("eval")] == [0]
    assert list(store.all("demo")) == []


def test_the_table_tells_of_each_tape(path):
    store = TapeStore(path, create=True)
    for number in (1, 0):
        store.write(a_tape(number, rewards=np.array([0.5, 2, -1, 0, 0], np.float32)))
    assert store.table("train") == [
        {"number": 0, "seed": 2**31 - 1, "step": 0, "length": 5, "frames": 8, "score": 1.5},
        {"number": 1, "seed": 2**31 - 2, "step": 10, "length": 5, "frames": 8, "score": 1.5},
    ]


def test_a_tape_takes_the_place_of_one_with_its_number(path):
    store = TapeStore(path, create=True)
    store.write(a_tape(seed=1))
    store.write(a_tape(seed=2))
    store.write(a_tape(seed=3, stream="eval"))
    assert [tape.seed for tape in store.all("train")] == [2]


def test_tapes_are_added_to_a_store_that_is_there(written):
    store = TapeStore(written, create=True)
    store.write(a_tape(10))
    assert [row["number"] for row in store.table("train")] == list(range(11))


def test_tapes_from_a_number_on_are_deleted_and_some_before_it(written):
    store = TapeStore(written, create=True)
    store.write(a_tape(7, stream="eval"))
    store.forget_training(6, also=[1, 4, 8])
    assert [tape.number for tape in store.all("train")] == [0, 2, 3, 5]
    assert [tape.number for tape in store.all("eval")] == [7]
    store.truncate("train", 0)
    assert store.table("train") == []


def test_the_episodes_that_went_on_in_the_latest_turns_are_found_broken_off_or_not(path):
    store = TapeStore(path, create=True)
    begun_in_turn = {0: 0, 1: 3, 2: 5, 3: 8}  # of 5 steps each, by two environments side by side
    for number, turn in begun_in_turn.items():
        stream = BROKEN_OFF if number == 1 else "train"
        store.write(a_tape(number, stream=stream, step=2 * turn + number % 2))
    store.write(a_tape(9, stream="eval", step=100))
    found = {turn: sorted(tape.number for tape in store.of_training(turn, 2)) for turn in (0, 4, 5, 7, 8, 12, 13)}
    assert found == {0: [0, 1, 2, 3], 4: [0, 1, 2, 3], 5: [1, 2, 3], 7: [1, 2, 3], 8: [2, 3], 12: [3], 13: []}
    store.forget_training(3, also=[1])
    assert sorted(tape.number for tape in store.of_training(0, 2)) == [0, 2]


def test_tapes_appear_to_others_once_they_are_committed(written):
    store, reader = TapeStore(written, create=True), TapeStore(written)
    store.write(a_tape(10))
    store.truncate("train", 5)
    assert [row["number"] for row in reader.table("train")] == list(range(10))
    store.commit()
    assert [row["number"] for row in reader.table("train")] == list(range(5))


def test_tapes_that_were_not_committed_are_gone_with_their_writer(written):
    store = TapeStore(written, create=True)
    store.write(a_tape(10))
    store.close()
    assert len(TapeStore(written).table("train")) == 10


def test_a_reader_in_the_middle_of_its_tapes_does_not_keep_a_run_from_committing(written):
    reading = TapeStore(written).all("train")
    next(reading)
    store = TapeStore(written, create=True)
    store.write(a_tape(10))
    store.commit()
    assert [tape.number for tape in reading][:9] == list(range(1, 10))


def test_a_run_that_holds_much_uncommitted_does_not_keep_others_from_reading(written):
    noise = np.random.default_rng(0).integers(256, size=(6, 100_000), dtype=np.uint8)  # more than SQLite's page cache
    store = TapeStore(written, create=True)
    for number in range(10, 20):
        store.write(a_tape(number, observations=noise))
    assert len(TapeStore(written).table("train")) == 10
