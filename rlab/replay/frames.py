"""Where a replay keeps its observations: as they are, or compressed.

Both keep one array in each place of `rows` x `num_envs` and give back arrays of any places. Compressed frames take
about a tenth of the memory. A frame is stored as its difference (exclusive or) to a key frame, packed by LZ4: an Atari
screen changes in few places, so most of a difference is zeros. A frame whose difference has grown too large becomes the
next key. Frames refer to their key, so that a key lives as long as the last frame that needs it.
"""

from typing import Any, Protocol

import lz4.block
import numpy as np
from numpy.typing import DTypeLike

from rlab.types import Array

# A difference of more than an eighth of the frame makes a new key. Over seven Atari games this took the fewest bytes of
# all simple fractions: about 640 a frame of Ms. Pac-Man, 220 of Breakout, 930 of Beam Rider.
KEY_FRACTION = 8


class Frames(Protocol):
    """Arrays of one shape, in places (row, env) and the empty place -1, which reads as zeros."""

    def put(self, row: int, env: int, frame: Array) -> None: ...

    def get(self, places: Array) -> Array:
        """The frames [M, *F] at `places` [M], each row * num_envs + env, or -1."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        ...


class RawFrames:
    """One array for all frames, allocated at once."""

    def __init__(self, rows: int, num_envs: int, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._num_envs = num_envs
        self._frames = np.zeros((rows * num_envs + 1, *shape), dtype)  # the last is the empty place

    def put(self, row: int, env: int, frame: Array) -> None:
        self._frames[row * self._num_envs + env] = frame

    def get(self, places: Array) -> Array:
        return np.asarray(self._frames[places])

    @property
    def nbytes(self) -> int:
        return self._frames.nbytes


class CompressedFrames:
    """uint8 frames as LZ4-packed differences to key frames."""

    def __init__(self, rows: int, num_envs: int, shape: tuple[int, ...]) -> None:
        self._num_envs = num_envs
        self._shape = shape
        self._size = int(np.prod(shape))
        self._zeros = bytes(self._size)
        self._same = _pack(self._zeros)
        places = rows * num_envs + 1  # the last is the empty place
        self._packed = [self._same] * places
        self._keys = [self._zeros] * places
        self._key: list[Any] = [None] * num_envs  # the key in use, as bytes and as an array

    def put(self, row: int, env: int, frame: Array) -> None:
        place = row * self._num_envs + env
        key = self._key[env]
        packed = _pack(np.bitwise_xor(frame, key[1])) if key is not None else None
        if packed is None or len(packed) > self._size // KEY_FRACTION:
            held = frame.tobytes()
            key = self._key[env] = (held, np.frombuffer(held, np.uint8).reshape(self._shape))
            packed = self._same
        self._packed[place] = packed
        self._keys[place] = key[0]

    def get(self, places: Array) -> Array:
        packed, keys, size = self._packed, self._keys, self._size
        wanted = places.tolist()
        differences = b"".join([lz4.block.decompress(packed[place], uncompressed_size=size) for place in wanted])
        frames = np.frombuffer(b"".join([keys[place] for place in wanted]), np.uint8)
        frames = np.bitwise_xor(frames, np.frombuffer(differences, np.uint8))
        return frames.reshape(len(wanted), *self._shape)

    @property
    def nbytes(self) -> int:
        overhead = 33 + 2 * 8  # of a bytes object, and of the two references to it and to its key
        keys = {id(key): len(key) for key in self._keys}
        return sum(len(packed) + overhead for packed in self._packed) + sum(keys.values())


def _pack(frame: Array | bytes) -> bytes:
    return bytes(lz4.block.compress(frame, store_size=False))
