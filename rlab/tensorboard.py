"""One run's TensorBoard event file, written and read without TensorFlow.

The file is a row of records: length [uint64], masked CRC-32C of the length [uint32], an `Event` message, masked CRC-32C
of the message [uint32], all little-endian (the TFRecord format, https://www.tensorflow.org/tutorials/load_data/tfrecord).
There is no index and no end mark, so a file cut between two records is a whole file: a resumed run goes on in it from
where its checkpoint stood. TensorBoard's own writer cannot do that, as it opens a new file each time.
"""

import os
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.custom_scalar import metadata as custom_scalars
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.metadata import create_summary_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from rlab.types import UserError

_NAME = "events.out.tfevents.{}.rlab"


class EventFile:
    """The event file of one run, open for writing.

    A TensorBoard that is open may stall on a run whose file was cut, as it reads on from where it was: start it anew.
    """

    def __init__(self, directory: Path, *, length: int | None = None) -> None:
        """Create the event file of the run in `directory`; or, given a `length`, cut it to so many bytes and append.

        Raises UserError if there is none to cut, or if it is shorter than `length`.
        """
        self._file: BinaryIO
        if length is None:
            self._file = (directory / _NAME.format(int(time.time()))).open("xb")
        else:
            path = _find(directory)
            if (size := path.stat().st_size) < length:
                raise UserError(f"{path} is damaged: it has {size} bytes, at least {length} were written")
            os.truncate(path, length)
            self._file = path.open("ab")
        self._records = RecordWriter(self._file)
        if length is None:
            self._write(Event(file_version="brain.Event:2"))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write `value` for the scalars dashboard; it is kept as float32."""
        self._write_value(Summary.Value(tag=tag, simple_value=value), step)

    def text(self, tag: str, markdown: str, step: int) -> None:
        """Write `markdown` for the text dashboard."""
        metadata = create_summary_metadata(display_name=None, description=None)
        self._write_value(Summary.Value(tag=tag, metadata=metadata, tensor=make_tensor_proto(markdown)), step)

    def image(self, tag: str, encoded: bytes, height: int, width: int, step: int) -> None:
        """Write a picture of `height` x `width` pixels, a PNG or a GIF (which may move), for the images dashboard."""
        image = Summary.Image(height=height, width=width, encoded_image_string=encoded)
        self._write_value(Summary.Value(tag=tag, image=image), step)

    def hyperparameters(self, settings: Mapping[str, bool | float | str], group: str = "") -> None:
        """Write the run's `settings` for the HParams dashboard, which shows runs of the same `group` as one.

        Raises TypeError if a setting is of another type. The dashboard leaves out numbers that are not finite.
        """
        # Without a list of columns the dashboard shows the settings of all runs, those that differ first; a list in one
        # run would hide what other agents have. Without a group each run has a row under its own name.
        self._write(Event(summary=hparams_pb(settings, trial_id=group)))

    def custom_charts(self, layout: Layout) -> None:
        """Write which charts the custom scalars dashboard shows."""
        value = Summary.Value(
            tag=custom_scalars.CONFIG_SUMMARY_TAG,
            metadata=custom_scalars.create_summary_metadata(),
            tensor=make_tensor_proto(layout.SerializeToString()),
        )
        self._write_value(value, 0)

    def graph(self, graph_def: bytes) -> None:
        """Write a serialised TensorFlow `GraphDef` for the graphs dashboard."""
        self._write(Event(graph_def=graph_def))

    def flush(self) -> int:
        """Make everything written so far last, should the machine fail; return the length of the file in bytes."""
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def _write_value(self, value: Summary.Value, step: int) -> None:
        self._write(Event(step=step, summary=Summary(value=[value])))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()  # a TensorBoard that is open shows it at once


def read_scalars(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """All scalars of the run in `directory` by their tag, each as (step, value), in the order of writing.

    A last record that is torn, as a killed run leaves it, is passed over. Raises UserError if there is no event file,
    or if it is damaged before its end.
    """
    scalars: dict[str, list[tuple[int, float]]] = {}
    for event in _events(_find(directory)):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                scalars.setdefault(value.tag, []).append((event.step, value.simple_value))
    return scalars


def _find(directory: Path) -> Path:
    found = list(directory.glob(_NAME.format("*")))
    if len(found) != 1:
        raise UserError(f"{directory} holds {len(found)} event files {_NAME.format('*')}, a run has exactly one")
    return found[0]


def _events(path: Path) -> Iterator[Event]:
    with path.open("rb") as file:
        while len(header := file.read(12)) == 12:
            length, checksum = struct.unpack("<QI", header)
            if checksum != masked_crc32c(header[:8]):
                raise UserError(f"{path} is damaged: wrong checksum at byte {file.tell() - 4}")
            record = file.read(length + 4)
            if len(record) < length + 4:
                return
            # The message's own checksum is left alone: in pure Python, pictures would take seconds.
            try:
                yield Event.FromString(record[:-4])
            except DecodeError as error:
                raise UserError(f"{path} is damaged: no event before byte {file.tell()}") from error
