"""Kinds of spaces, and spaces as JSON, so that an agent can be made again without its environment."""

from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.types import Array, FrameStack, UserError

NATURE_LEAST = 36  # pixels a side: a smaller image leaves the last of Nature's convolutions nothing
# Likewise of every kind of encoder that takes images alone.
_LEAST = {"nature": NATURE_LEAST, "book": NATURE_LEAST, "nips": 20, "impala": 1}


def is_image(space: spaces.Space[Any]) -> bool:
    """Whether observations are images: [H, W, C] uint8."""
    return isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3


def fits_nature(space: spaces.Space[Any]) -> bool:
    """Whether observations are images that the Nature network can take."""
    return is_image(space) and min((space.shape or ())[:2]) >= NATURE_LEAST


def check_encoder(kind: str, space: spaces.Space[Any]) -> None:
    """Raise UserError unless an encoder of this kind (`rlab.nets.encoders.make_encoder`) can see such observations."""
    if kind == "mlp":
        return
    least = _LEAST[kind]
    if not (is_image(space) and min((space.shape or ())[:2]) >= least):
        size = f" of {least} pixels a side or more" * (least > 1)
        raise UserError(
            f"an image agent does not fit this environment: received observations {space}, allowed are images "
            f"[H, W, C]{size}; choose another preset or --encoder-kind mlp"
        )


def middle_and_half(space: spaces.Box, unbounded: float) -> tuple[Array, Array]:
    """By which numbers (x - middle) / half brings a vector [D] of the flattened space to [-1, 1]; both float32 [D].

    `unbounded` is taken for half the range of what has no bounds, or such that nobody can mean (beyond a million).
    """
    low, high = (bound.ravel().astype(np.float64) for bound in (space.low, space.high))
    bounded = (low > -1e6) & (high < 1e6) & (low < high)
    low, high = np.where(bounded, low, -unbounded), np.where(bounded, high, unbounded)
    return ((low + high) / 2).astype(np.float32), ((high - low) / 2).astype(np.float32)


def to_json(space: spaces.Space[Any]) -> dict[str, Any]:
    """What `from_json` needs; the space is one that the lab takes."""
    if isinstance(space, FrameStack):
        return {"kind": "FrameStack", "shape": list(space.shape)}
    if isinstance(space, spaces.Box):
        kind = {"kind": "Box", "shape": list(space.shape), "dtype": space.dtype.name}
        return {**kind, "low": _bound(space.low), "high": _bound(space.high)}
    if isinstance(space, spaces.Discrete):
        return {"kind": "Discrete", "n": int(space.n)}
    raise UserError(f"the lab does not take a space of this kind: received {space}, allowed are Box and Discrete")


def from_json(value: dict[str, Any]) -> spaces.Space[Any]:
    """The space that `to_json` described."""
    if value["kind"] == "FrameStack":
        return FrameStack(*value["shape"])
    if value["kind"] == "Discrete":
        return spaces.Discrete(value["n"])
    dtype = np.dtype(value["dtype"])
    low, high = (np.asarray(value[name], object) for name in ("low", "high"))
    low, high = (np.where(bound == np.array(None), limit, bound) for bound, limit in ((low, -np.inf), (high, np.inf)))
    shape = value["shape"]
    return spaces.Box(
        np.broadcast_to(low, shape).astype(dtype), np.broadcast_to(high, shape).astype(dtype), dtype=dtype.type
    )


def _bound(bound: Array) -> Any:
    """A bound as numbers in lists, or one number if all are equal; None where there is none."""
    listed = bound.astype(object)
    listed[~np.isfinite(bound)] = None
    return listed.flat[0] if bound.size and (bound == bound.flat[0]).all() else listed.tolist()
