"""The server of the watch page, asked without a browser: parts of files, and who and what is refused."""

import errno
import http.client
import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from unittest import mock

import pytest

from rlab.report.watch.library import ClosedError, Library
from rlab.report.watch.server import Server
from rlab.tapes import TapeStore
from rlab.types import UserError
from scripts import watch
from tests.browser import wait
from tests.scripts.watched import random_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return random_run(tmp_path_factory.mktemp("runs") / "catch", "Catch-v0", [("train", 0, 0, 0), ("train", 1, 4, 9)])


@pytest.fixture(scope="module")
def server(run):
    server = Server(Library([watch.source_of(run)]), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def video(server):
    """The address of a video, and the video."""
    made = json.loads(ask(server, "/data/0/train/1/default.json")[2])
    path = f"/watch/0/{made['folder']}/video.mp4"
    return path, ask(server, path)[2]


def ask(server, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest("GET", path, skip_host="Host" in named)
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.headers, response.read()


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-9", slice(0, 10)), ("bytes=100-", slice(100, None)), ("bytes=-7", slice(-7, None))],
)
def test_a_part_of_a_video_is_handed_over(server, video, asked, part):
    path, whole = video
    status, headers, content = ask(server, path, Range=asked)
    assert (status, content) == (206, whole[part])
    start = part.indices(len(whole))[0]
    assert headers["Content-Range"] == f"bytes {start}-{start + len(content) - 1}/{len(whole)}"


def test_a_part_beyond_the_end_is_refused(server, video):
    status, headers, _ = ask(server, video[0], Range="bytes=99999999-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(video[1])}")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,4-5", f"bytes={'9' * 5000}-", "lines=0-9"])
def test_a_part_that_is_not_understood_is_the_whole(server, video, asked):
    status, _, content = ask(server, video[0], Range=asked)
    assert (status, content) == (200, video[1])


@pytest.mark.parametrize(
    "path",
    [
        *("/../config.json", "/page/../server.py", "/config.json", "/tapes.sqlite", "/%2e%2e/config.json"),
        *(f"/data/0/train/{10**20}/default.json", f"/data/0/train/{'9' * 5000}/default.json"),
        *("/watch/0/../video.mp4", "/watch/0/train-1-00000000/../../config.json", "/data/0/train/1/../x.json"),
    ],
)
def test_only_known_paths_are_answered(server, path):
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80"])
def test_a_foreign_name_is_refused(server, host):
    assert ask(server, "/", Host=host)[0] == 403


def test_other_sites_may_not_fetch(server):
    assert ask(server, "/data/gallery.json", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(server, "/data/gallery.json", Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/data/7/train/0/default.json", "no such run: received 7, allowed are 0 to 0"),
        ("/data/0/train/9/default.json", "no such game: received train 9"),
        ("/data/0/train/0/5.json", "no such checkpoint: received 5"),
        ("/data/0/train/0/0/saliency/0.json", "the agent does not see the whole screen"),
        ("/watch/0/train-9-abcdef12/video.mp4", "no such file"),
    ],
)
def test_what_is_not_there_is_told(server, path, reason):
    assert reason in json.loads(ask(server, path)[2])["error"]


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (OSError(errno.ENOSPC, "", "watch"), 200, {"error": "cannot write, no space left on device: watch"}),
        (ValueError("a fault of ours"), 500, None),
    ],
)
def test_a_fault_is_told_to_the_page_too(server, monkeypatch, capfd, fault, status, told):
    monkeypatch.setattr(server.library, "gallery", mock.Mock(side_effect=fault))
    found, _, content = ask(server, "/data/gallery.json")
    assert (found, json.loads(content or "null")) == (status, told)
    wait(lambda: told or "ValueError: a fault of ours" in capfd.readouterr().err)


def test_a_damaged_game_does_not_hide_the_others(tmp_path):
    other = random_run(tmp_path / "run", "Catch-v0", [("eval", 0, 0, 0), ("eval", 1, 4, 0)])
    with closing(sqlite3.connect(other / "tapes.sqlite")) as store:
        store.execute("UPDATE tapes SET actions = x'00' WHERE number = 0")
        store.commit()
    library = Library([watch.source_of(other)])
    (found,) = library.gallery()["runs"]
    assert found["games"]["eval"]["number"] == [0, 1]
    with pytest.raises(UserError, match="is damaged: eval 0"):
        library.timeline(0, "eval", 0)


def test_a_port_that_is_taken_is_refused(server):
    with pytest.raises(UserError, match=f"--port cannot be used: received {server.server_port}, "):
        Server(Library([]), server.server_port)


def test_a_tape_that_does_not_play_again_leaves_nothing(run, tmp_path):
    other = random_run(tmp_path / "run", "Catch-v0", [("eval", 0, 0, 0)])
    with closing(TapeStore(other / "tapes.sqlite", create=True)) as store:
        tape = store.read("eval", 0)
        store.write(replace(tape, rewards=tape.rewards + 1))
        store.commit()
    with pytest.raises(UserError, match="not confirmed: reward 1 is 1 on the tape, 0 when played again"):
        Library([watch.source_of(other)]).timeline(0, "eval", 0)
    assert list((other / "watch").rglob("*.*")) == []


def forged(path):
    path.write_text('{}); alert("here I am"')


def of_another_game(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "score": 1000.0}))


def without_video(path):
    (path.parent / "video.mp4").unlink()


@pytest.mark.parametrize("change", [forged, of_another_game, without_video])
def test_what_was_prepared_is_made_anew_if_it_is_not_of_the_game(tmp_path, change):
    other = random_run(tmp_path / "run", "Catch-v0", [("eval", 0, 0, 0)])
    library = Library([watch.source_of(other)])
    first = library.timeline(0, "eval", 0)
    (path,) = (other / "watch").rglob("*.json")
    change(path)
    assert library.timeline(0, "eval", 0) == first
    assert json.loads(path.read_text()) == first
    assert (path.parent / "video.mp4").is_file()


def test_what_is_under_way_at_the_end_leaves_nothing(tmp_path):
    other = random_run(tmp_path / "run", "Catch-v0", [("eval", 0, 0, 0)])
    library = Library([watch.source_of(other)])
    library.close()
    library._work.release()
    with pytest.raises(ClosedError):
        library.timeline(0, "eval", 0)
    assert list((other / "watch").rglob("*.*")) == []


def test_ten_thousand_games_are_listed_as_quickly_as_ten(run, tmp_path):
    """Within a second, where a game is some hundred bytes; the page shows 50 of them at a time."""
    other = random_run(tmp_path / "many", "Catch-v0")
    with closing(sqlite3.connect(run / "tapes.sqlite")) as store:
        stream, _, *rest = store.execute("SELECT * FROM tapes").fetchone()
    with closing(sqlite3.connect(other / "tapes.sqlite")) as store:
        marks = ", ".join("?" * (2 + len(rest)))
        store.executemany(f"INSERT INTO tapes VALUES ({marks})", ((stream, n, *rest) for n in range(10_000)))
        store.commit()
    library = Library([watch.source_of(other)])
    start = time.process_time()  # however busy the machine is
    (found,) = library.gallery()["runs"]
    assert time.process_time() - start < 1
    assert found["recorded"] == len(found["games"]["train"]["score"]) == 10_000
