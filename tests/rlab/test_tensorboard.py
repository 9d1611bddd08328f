"""The event file, cut and resumed, refused when damaged, and shown by a real TensorBoard."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef

from rlab.tensorboard import EventFile, read_scalars
from rlab.types import UserError
from tests.tensorboard_server import TENSORBOARD, Ask, settings_and_metrics, tensorboard


def moving_picture() -> bytes:
    """Return a GIF of three frames, 4 pixels high and 6 wide."""
    frames = [Image.new("L", (6, 4), brightness) for brightness in (0, 100, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return buffer.getvalue()


def event_file(directory: Path) -> Path:
    """Return the path of the only event file in `directory`."""
    (path,) = directory.glob("events.out.tfevents.*")
    return path


def write_scalars(events: EventFile, start: int, end: int, *, slope: float = 0.1) -> None:
    """Write a loss for each step from `start` to before `end`, and a score for each tenth."""
    for step in range(start, end):
        events.scalar("loss/td", slope * step, step)
        if step % 10 == 0:
            events.scalar("eval/score", 100 + step, step)


def write_and_resume(directory: Path) -> None:
    """Write a run that was killed in the middle of a record, 20 steps after its last checkpoint, and resumed."""
    directory.mkdir(parents=True)
    events = EventFile(directory)
    events.hyperparameters({"agent": "dqn", "double": True, "learning_rate": 0.25})
    events.text("run/config", "**double** is on", 0)
    nodes = [NodeDef(name="observation", op="Placeholder"), NodeDef(name="net/relu", op="Relu", input=["observation"])]
    events.graph(GraphDef(node=nodes).SerializeToString())
    write_scalars(events, 0, 30)
    length = events.flush()
    write_scalars(events, 30, 50, slope=-1.0)
    events.close()
    path = event_file(directory)
    path.write_bytes(path.read_bytes()[:-5])
    events = EventFile(directory, length=length)
    write_scalars(events, 30, 60)
    events.image("eval/game", moving_picture(), 4, 6, 60)
    events.close()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """A real TensorBoard that shows the run `dqn/s1`; the function asks its HTTP API."""
    root = tmp_path_factory.mktemp("runs")
    write_and_resume(root / "dqn" / "s1")
    with tensorboard(*TENSORBOARD, root) as ask:
        yield ask


def test_tensorboard_shows_the_scalars_of_a_resumed_run(ask: Ask) -> None:
    """What was cut off is gone, what was appended is there."""
    assert set(json.loads(ask("scalars/tags"))["dqn/s1"]) == {"loss/td", "eval/score"}
    points = json.loads(ask("scalars/scalars", run="dqn/s1", tag="loss/td"))
    assert [step for _, step, _ in points] == list(range(60))
    assert np.allclose([value for _, _, value in points], 0.1 * np.arange(60))


def test_tensorboard_shows_the_moving_picture(ask: Ask) -> None:
    """The dashboard serves the very bytes that were written."""
    assert list(json.loads(ask("images/tags"))["dqn/s1"]) == ["eval/game"]
    (picture,) = json.loads(ask("images/images", run="dqn/s1", tag="eval/game", sample="0"))
    assert picture["step"] == 60
    assert ask(f"images/individualImage?{picture['query']}") == moving_picture()


def test_tensorboard_shows_the_text(ask: Ask) -> None:
    """Text is rendered as markdown."""
    assert json.loads(ask("text/tags")) == {"dqn/s1": ["run/config"]}
    (text,) = json.loads(ask("text/text", run="dqn/s1", tag="run/config"))
    assert "<strong>double</strong> is on" in text["text"]


def test_tensorboard_lists_the_hyperparameters(ask: Ask) -> None:
    """The run has a row under its own name, with its settings and the latest score."""
    columns = json.loads(ask("hparams/experiment", {}))
    assert {column["name"] for column in columns["hparamInfos"]} == {"agent", "double", "learning_rate"}
    settings, metrics = settings_and_metrics(ask, "dqn/s1")
    assert settings == {"agent": "dqn", "double": True, "learning_rate": 0.25}
    assert metrics["eval/score"] == 150


def test_tensorboard_shows_the_graph(ask: Ask) -> None:
    """The graph comes back with its nodes."""
    assert json.loads(ask("graphs/info"))["dqn/s1"]["run_graph"]
    assert b'name: "net/relu"' in ask("graphs/graph", run="dqn/s1")


def test_no_tensorflow() -> None:
    """Neither writing nor reading imports TensorFlow."""
    code = """
import sys, tempfile
from pathlib import Path
from rlab.tensorboard import EventFile, read_scalars
directory = Path(tempfile.mkdtemp())
events = EventFile(directory)
events.scalar("loss/td", 1.0, 1)
events.text("run/config", "text", 0)
events.image("eval/game", b"GIF89a", 1, 1, 0)
events.hyperparameters({"agent": "dqn"})
events.graph(b"")
length = events.flush()
events.close()
EventFile(directory, length=length).close()
print(read_scalars(directory), "tensorflow" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "{'loss/td': [(1, 1.0)]} False"


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    """The scalars are the same, step by step, as if the run had never been killed."""
    write_and_resume(tmp_path / "resumed")
    (tmp_path / "whole").mkdir()
    events = EventFile(tmp_path / "whole")
    write_scalars(events, 0, 60)
    events.close()
    scalars = read_scalars(tmp_path / "whole")
    assert scalars["loss/td"][7] == (7, float(np.float32(0.1 * 7)))
    assert scalars["eval/score"] == [(step, 100 + step) for step in range(0, 60, 10)]
    assert read_scalars(tmp_path / "resumed") == scalars


def test_flush_gives_the_length_on_disk(tmp_path: Path) -> None:
    """The length is that of the file, and the place to cut it at."""
    events = EventFile(tmp_path)
    start = events.flush()
    assert event_file(tmp_path).stat().st_size == start
    events.scalar("loss/td", 1.0, 1)
    end = events.flush()
    assert event_file(tmp_path).stat().st_size == end > start
    events.close()
    resumed = EventFile(tmp_path, length=start)
    assert resumed.flush() == start
    resumed.close()
    assert read_scalars(tmp_path) == {}


def test_written_is_seen_at_once(tmp_path: Path) -> None:
    """Nobody has to wait for a checkpoint to see how a run goes."""
    events = EventFile(tmp_path)
    events.scalar("loss/td", 1.0, 1)
    assert read_scalars(tmp_path) == {"loss/td": [(1, 1.0)]}
    events.close()


def test_torn_last_record_is_passed_over(tmp_path: Path) -> None:
    """A record torn at any byte is passed over, those before it are read."""
    events = EventFile(tmp_path)
    events.scalar("loss/td", 1.0, 1)
    whole = events.flush()
    events.scalar("loss/td", 2.0, 2)
    events.close()
    content = event_file(tmp_path).read_bytes()
    for end in range(whole, len(content)):
        event_file(tmp_path).write_bytes(content[:end])
        assert read_scalars(tmp_path) == {"loss/td": [(1, 1.0)]}


def test_nothing_to_open(tmp_path: Path) -> None:
    """A folder without an event file is refused."""
    with pytest.raises(UserError, match=r"holds 0 event files .* a run has exactly one"):
        EventFile(tmp_path, length=10)
    with pytest.raises(UserError, match="holds 0 event files"):
        read_scalars(tmp_path)


def test_shorter_than_its_checkpoint_says(tmp_path: Path) -> None:
    """A file that lost bytes is refused, and left as it is."""
    events = EventFile(tmp_path)
    length = events.flush()
    events.close()
    with pytest.raises(UserError, match=rf"is damaged: it has {length} bytes, at least {length + 1} were written"):
        EventFile(tmp_path, length=length + 1)
    assert event_file(tmp_path).stat().st_size == length


@pytest.mark.parametrize(("byte", "message"), [(0, "wrong checksum at byte 8"), (12, "no event before byte")])
def test_damaged(tmp_path: Path, byte: int, message: str) -> None:
    """A flipped bit in a length or at the start of a message is reported."""
    EventFile(tmp_path).close()
    content = bytearray(event_file(tmp_path).read_bytes())
    content[byte] ^= 0xFF
    event_file(tmp_path).write_bytes(content)
    with pytest.raises(UserError, match=f"is damaged: {message}"):
        read_scalars(tmp_path)
