"""Games as pictures that move: a GIF for TensorBoard, and an mp4 with what the agent did and thought beside it."""

import io
import os
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import IO

import cv2
import imageio_ffmpeg
import numpy as np
from PIL import Image

from rlab.report.panel import WIDTH, Panel
from rlab.types import Moment, UserError

_FRAMES_LIMIT = 240
_FRAME_MILLISECONDS = 66
_PICTURE_HEIGHT, _PICTURE_WIDTH = 630, 800  # pixels that an enlarged picture stays within: three times an Atari screen
_REWARD_SECONDS = 0.5  # that a reward stays to be read

# 4:2:0 and the index at the front are what every browser plays, BT.709 the colours that all of them expect.
_ENCODING = (
    *("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20"),
    *("-movflags", "+faststart", "-f", "mp4"),
)
_COLOURS = "in_range=full:out_range=limited:out_color_matrix=bt709"
_TAGS = "setparams=color_primaries=bt709:color_trc=bt709"


def animation(moments: Iterable[Moment]) -> tuple[bytes, int, int] | None:
    """The end of a game as an animated GIF, with height and width: every other step, at most 240 pictures.

    A picture is the brighter of a step's last two screens, pixel by pixel, as an Atari draws some objects only on every
    other screen. None if the moments have no screens.
    """
    pairs = (moment.screens[-2:] for moment in islice(moments, 0, None, 2) if moment.screens)
    pictures = [Image.fromarray(screen) for screen in deque(map(np.maximum.reduce, pairs), maxlen=_FRAMES_LIMIT)]
    if not pictures:
        return None
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=_FRAME_MILLISECONDS, loop=0, optimize=True
    )
    return buffer.getvalue(), pictures[0].height, pictures[0].width


def record(path: Path, moments: Iterable[Moment], panel: Panel, screens_per_second: float) -> int:
    """Write a game to an mp4 that browsers play, each screen a frame with `panel` beside it; return how many frames.

    The picture is enlarged by a whole number. Where moments have no screens, the panel stands alone. The file appears
    at `path` when it is whole. Raises UserError if it cannot be written.
    """
    moments = iter(moments)
    first = next(moments)
    height, width = first.screens[0].shape[:2] if first.screens else (0, 0)
    if first.screens:
        factor = max(1, min(_PICTURE_HEIGHT // height, _PICTURE_WIDTH // width))
        height, width = height * factor, width * factor
    frame = np.zeros((_even(max(height, panel.height)), _even(width + WIDTH), 3), np.uint8)
    frames, score, paid, paid_frame = 0, 0.0, 0.0, 0
    with encoder(path, *frame.shape[:2], screens_per_second) as video:
        for step, moment in enumerate(chain([first], moments)):
            score += moment.reward
            if moment.reward:
                paid, paid_frame = moment.reward, frames
            lately = paid if frames - paid_frame < _REWARD_SECONDS * screens_per_second else 0.0
            frame[:, width : width + WIDTH] = panel.draw(len(frame), step, moment, score, lately)
            for screen in moment.screens or (None,):
                if screen is not None:
                    frame[:height, :width] = cv2.resize(screen, (width, height), interpolation=cv2.INTER_NEAREST)
                video.write(frame.data)
                frames += 1
    return frames


def _even(pixels: int) -> int:
    return pixels + pixels % 2


@contextmanager
def encoder(
    path: Path, height: int, width: int, frames_per_second: float, *, enlarged: int = 1, keyframes: int = 250
) -> Iterator[IO[bytes]]:
    """Takes RGB frames [height, width, 3] as bytes and makes the mp4 at `path` of them, unless an exception comes.

    The video is `enlarged` times as high and wide, sharply. Each `keyframes` frames one stands alone, to jump to.
    Raises UserError if the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-framerate", str(frames_per_second))
    flags = "neighbor" if enlarged > 1 else "bicubic"
    size = f"scale=iw*{enlarged}:ih*{enlarged}:flags={flags}:{_COLOURS}"
    made = ("-vf", f"{size},pad=ceil(iw/2)*2:ceil(ih/2)*2,{_TAGS}", "-g", str(keyframes), *_ENCODING)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *source, "-i", "-", *made, f"file:{draft}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError):  # the encoder gave up; it says why below
            yield process.stdin
        _, messages = process.communicate()
        if process.returncode != 0:
            reason = messages.decode(errors="replace").strip().split("\n")[-1]
            raise UserError(f"{path} cannot be written: {reason or f'ffmpeg ended with status {process.returncode}'}")
        draft.replace(path)
    finally:
        process.kill()
        process.communicate()
        draft.unlink(missing_ok=True)
