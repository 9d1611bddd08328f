"""Games as pictures that move."""

import io
from collections.abc import Iterable

from PIL import Image

from rlab.types import Moment

_FRAMES_LIMIT = 240
_FRAME_MILLISECONDS = 66


def animation(moments: Iterable[Moment]) -> tuple[bytes, int, int] | None:
    """The end of a game as an animated GIF, with height and width: every other step, at most 240 pictures.

    None if the moments have no screens.
    """
    pictures = [Image.fromarray(moment.screens[-1]) for moment in list(moments)[::2][-_FRAMES_LIMIT:] if moment.screens]
    if not pictures:
        return None
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:], duration=_FRAME_MILLISECONDS, loop=0, optimize=True
    )
    return buffer.getvalue(), pictures[0].height, pictures[0].width
