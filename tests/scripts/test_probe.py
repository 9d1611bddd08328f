"""The probing script on really played games: its tables, what it writes into passports, TensorBoard, and mistakes."""

import io
import json
import re
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import envs
from rlab.pretrained import digest, read_passport
from rlab.protocol import PROTOCOLS
from rlab.representation.dataset import load
from rlab.tensorboard import EventFile
from rlab.types import UserError
from tests.rlab.representation.recorded import put, record
from tests.rlab.written_pretrained import write_encoder, write_policy
from tests.scripts.running import answers, assert_refused, call
from tests.tensorboard_server import tensorboard

PACMAN = "ALE/MsPacman-v5"
SEEDS = (0, 1, 2, 3, 13)  # of random games: the second is for tests, the last validates
QUICK = ("--train-moments", 240, "--validation-moments", 80, "--test-moments", 120)
KINDS = ["place", "cell", "category", "count"]


def spaces(name):
    return envs.spaces_of(name, PROTOCOLS["ale_v5" if name.startswith("ALE/") else "gymnasium"])


def an_encoder(folder, name=PACMAN, **changes):
    """An untrained encoder of 16 features in a new folder, with a passport that says `changes`."""
    folder.mkdir(parents=True)
    path = write_encoder(folder, *spaces(name), name)
    replace(read_passport(path), **changes).write(path)
    return path


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    """A recording of a few games of Ms. Pac-Man, and the tape of the first with what was seen."""
    folder = tmp_path_factory.mktemp("recorded")
    played = [record(folder, PACMAN, 1, first=seed)[0] for seed in SEEDS]
    return folder, replace(played[0].tape, observations=played[0].observations)


@pytest.fixture(scope="module")
def probed(games, tmp_path_factory):
    """Two encoders after they were probed, the first with curves of its learning, and the lines that were printed."""
    root = tmp_path_factory.mktemp("encoders")
    paths = [an_encoder(root / "first"), an_encoder(root / "second", method="cloning")]
    events = EventFile(root / "first")
    events.scalar("representation/loss_train", 0.5, 1)
    events.image("representation/drawn", *a_picture(), 1)
    events.close()
    return paths, call("probe.py", *paths, "--games", games[0], *QUICK)


def a_picture():
    encoded = io.BytesIO()
    Image.new("L", (5, 4)).save(encoded, "png")
    return encoded.getvalue(), 4, 5


def test_a_table_of_each_kind_shows_features_against_readers(probed):
    _, lines = probed
    titles = [number for number, line in enumerate(lines) if line.startswith(("places: ", "categories: ", "counts: "))]
    assert len(titles) == 4
    for start, readers in zip(titles, ([..., 4], [..., 1], [..., 4], [..., 4]), strict=True):
        rows = [line for line in lines[start : start + 10] if line.startswith("  ") and "[" in line]
        names = [re.split(r"\s{2,}", line.strip())[0] for line in rows]
        assert names == [
            "a guess",
            "autoencoder (first)",
            "cloning (second)",
            "untrained mlp_encoder, seed 0",
            "PCA",
        ]
        assert {len(re.findall(r"\[[-\d.,]+, [-\d.,]+\]", line)) for line in rows} == {readers[1]}
        assert sum(line.count("*") for line in rows) >= readers[1]
    words = "\n".join(lines)
    assert "place: player_x, player_y, sue_x, " in words
    assert "category: direction" in words
    assert "240 moments of training games, 80 of validation games, 120 of 1 test game" in words


def test_the_scores_are_written_into_the_passports(probed, games):
    paths, lines = probed
    for path, other in zip(paths, ("cloning (second)", "autoencoder (first)"), strict=True):
        passport = read_passport(path)
        assert passport.digest == digest(path)
        found = passport.probes
        assert found["games"] == load([games[0]], envs.emulate).digest
        assert found["moments"] == {"train": 240, "validation": 80, "test": 120}
        assert found["settings"]["readers"] == ["ridge", "softmax", "neighbours", "forest"]
        assert list(found["summary"]) == KINDS
        beside = {row["name"]: row["summary"] for row in found["beside"]}
        assert list(beside) == ["a guess", other, "untrained mlp_encoder, seed 0", "PCA"]
        for summary in (found["summary"], *list(beside.values())[1:]):
            assert list(summary["place"]) == ["ridge", "softmax", "neighbours", "forest"]
            assert 0 < summary["place"]["ridge"][0] < 80
            assert 0 <= summary["category"]["forest"][0] <= 1
        player = found["labels"]["player_x"]["ridge"]
        assert player["setting"].startswith("alpha ")
        assert player["place"][1] <= player["place"][0] <= player["place"][2]
        mean = f"{found['summary']['place']['softmax'][0]:.1f} ["
        assert any(mean in line for line in lines if line.startswith(f"  {passport.method} ("))


def test_tensorboard_shows_features_with_pictures_and_labels(probed, games):
    """By the command that is printed at the end; a folder without an event file is listed, too."""
    command = re.search(r"projector:  (tensorboard --logdir \S+)", "\n".join(probed[1]))[1]
    program, *arguments = shlex.split(command)
    with tensorboard(Path(sys.executable).with_name(program), *arguments) as ask:
        assert sorted(json.loads(ask("projector/runs"))) == ["first", "second"]
        (embedding,) = json.loads(ask("projector/info", run="second"))["embeddings"]
        name = embedding["tensorName"]
        assert (name, embedding["tensorShape"]) == ("cloning (second)", [120, 16])
        tensor = np.frombuffer(ask("projector/tensor", run="second", name=name), np.float32)
        assert tensor.reshape(120, 16).std(axis=0).max() > 0.1
        header, *rows = ask("projector/metadata", run="second", name=name).decode().splitlines()
        assert header.split("\t")[:4] == ["game", "moment", "player_x", "player_y"]
        assert len(rows) == 120
        sheet = np.asarray(Image.open(io.BytesIO(ask("projector/sprite_image", run="second", name=name))))
        assert embedding["sprite"]["singleImageDim"] == [84, 84]
        assert sheet.shape == (11 * 84, 11 * 84)
        recorded = load([games[0]], envs.emulate)
        moment = int(rows[13].split("\t")[1])
        np.testing.assert_array_equal(sheet[84:168, 2 * 84 : 3 * 84], recorded.frames[moment])
        assert float(rows[13].split("\t")[2]) == envs.ram_labels(PACMAN, recorded.ram)["player_x"][moment]
        assert json.loads(ask("text/tags")) == {run: ["representation/probes"] for run in ("first", "second")}
        assert list(json.loads(ask("scalars/tags"))["first"]) == ["representation/loss_train"]


def test_the_same_command_finds_the_same_and_fewer_readers_are_fewer_columns(probed, games, tmp_path):
    paths, _ = probed
    copied = tmp_path / "again" / "encoder.keras"
    copied.parent.mkdir()
    for suffix in (".keras", ".json"):
        shutil.copy(paths[0].with_suffix(suffix), copied.with_suffix(suffix))
    small = ("--games", games[0], *QUICK, "--readers", "ridge", "forest", "--random-networks", "2")
    lines = call("probe.py", copied, *small)
    before, after = (read_passport(path).probes for path in (paths[0], copied))
    for reader in ("ridge", "forest"):
        assert after["summary"]["place"][reader] == before["summary"]["place"][reader]
    assert list(after["summary"]) == ["place", "category", "count"]
    assert [row["name"] for row in after["beside"]][1:3] == [f"untrained mlp_encoder, seed {seed}" for seed in (0, 1)]
    assert lines[-1].endswith(f"  tensorboard --logdir {copied.parent}")


def test_the_event_file_of_a_run_is_left_alone(probed, games, tmp_path):
    """It may be in training; its copy of an encoder can be probed all the same."""
    path = an_encoder(tmp_path / "run")
    (path.parent / "config.json").write_text("{}")
    (path.parent / "events.out.tfevents.1.rlab").write_bytes(b"something")
    call("probe.py", path, "--games", games[0], *QUICK, "--readers", "ridge")
    assert (path.parent / "events.out.tfevents.1.rlab").read_bytes() == b"something"
    assert read_passport(path).probes["summary"]


def test_games_whose_ram_nobody_knows_are_refused(games, tmp_path):
    own = shutil.copytree(games[0], tmp_path / "own", ignore=shutil.ignore_patterns("games-*"))
    put(own, games[1])
    with pytest.raises(UserError, match="nobody knows the RAM of these games"):
        call("probe.py", an_encoder(tmp_path / "encoder"), "--games", own, *QUICK)


OURS = "ours/encoder.keras --games pacman "
MISTAKES = {
    "probe.py": ["which encoder? probe.py ENCODER.keras [ENCODER.keras ...] --games FOLDER [FOLDER ...]"],
    "probe.py ours/encoder.keras": [
        "which games? probe.py ENCODER.keras --games FOLDER, folders are of runs or of rec"
    ],
    "probe.py missing.keras --games pacman": ["no such pretrained file: received missing.keras"],
    "probe.py ours --games pacman": ["no such pretrained file: received ours, allowed is a .keras file"],
    "probe.py bare/encoder.keras --games pacman": ["bare/encoder.keras has no passport: bare/encoder.json is not the"],
    "probe.py cloned/policy.keras --games pacman": [
        "cloned/policy.keras is no encoder: received a policy, allowed are"
    ],
    "probe.py ours/encoder.keras ours/other.keras --games pacman": [
        "ours/encoder.keras and ours/other.keras are in one folder: TensorBoard shows one encoder of each"
    ],
    "probe.py ours/encoder.keras --games missing": ["no recorded games: missing has neither recording.json nor conf"],
    "probe.py ours/encoder.keras --games pacman missing": ["no recorded games: missing has neither recording.json"],
    "probe.py poles/encoder.keras --games poles": ["no labels of RAM: received 'CartPole-v1', allowed are ALE/MsPac"],
    "probe.py poles/encoder.keras --games pacman": [
        "poles/encoder.keras does not fit the games in its observation space: it has {'kind': 'Box', 'shape': [4]",
        "the games have {'kind': 'FrameStack', 'shape': [84, 84, 4]}",
    ],
    "probe.py book/encoder.keras --games pacman": [
        "book/encoder.keras does not fit the games in its preprocessing: it has book, 2 to 4 frames a step, the games "
        "have nature, 4 to 4 frames a step"
    ],
    "probe.py " + OURS: ["there is no validation game among the 1 recorded ones"],
    "probe.py " + OURS + "--stream eval": ["there are no recorded games in pacman"],
    "probe.py " + OURS + "--readers": ["--readers names none: allowed are ridge, softmax, neighbours, forest"],
    "probe.py " + OURS + "--readers tree": ["invalid choice 'tree' for argument '--readers'"],
    "probe.py " + OURS + "--steps 0": ["--steps is out of range: received 0, allowed is 1 or more"],
    "probe.py " + OURS + "--seed -1": ["--seed is out of range: received -1"],
    "probe.py " + OURS + "--test-moments 5": ["--test-moments is out of range: received 5, allowed is 10 or more"],
    "probe.py " + OURS + "--random-networks -1": ["--random-networks is out of range: received -1"],
    "probe.py " + OURS + "--threads -1": ["--threads is out of range: received -1"],
    "probe.py " + OURS + "--reader ridge": ["Unrecognized options: --reader, ridge; perhaps you meant --readers"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the script answers to all of the above in the folder of a user."""
    here = tmp_path_factory.mktemp("here")
    record(here / "pacman", PACMAN, 1)
    record(here / "poles", "CartPole-v1", 1)
    ours = an_encoder(here / "ours")
    shutil.copy(ours, ours.with_name("other.keras"))
    shutil.copy(ours.with_suffix(".json"), ours.with_name("other.json"))
    (here / "bare").mkdir()
    shutil.copy(ours, here / "bare")
    (here / "cloned").mkdir()
    write_policy(here / "cloned", *spaces(PACMAN), PACMAN)
    write_encoder(here / "poles", *spaces("CartPole-v1"), "CartPole-v1")
    an_encoder(here / "book", preprocessing=PROTOCOLS["book"].preprocessing)
    return answers(here, [*MISTAKES, "probe.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


def test_help_is_shown_without_tensorflow(told):
    answer = told["probe.py --help"]
    assert "--test-moments" in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])
