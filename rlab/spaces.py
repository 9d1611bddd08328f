"""Kinds of spaces, and spaces as JSON, so that an agent can be made again without its environment."""

from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.types import FrameStack, UserError

NATURE_LEAST = 36  # pixels a side: a smaller image leaves the last of Nature's convolutions nothing


def is_image(space: spaces.Space[Any]) -> bool:
    """Whether observations are images: [H, W, C] uint8."""
    return isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3


def fits_nature(space: spaces.Space[Any]) -> bool:
    """Whether observations are images that the Nature network can take."""
    return is_image(space) and min((space.shape or ())[:2]) >= NATURE_LEAST


def to_json(space: spaces.Space[Any]) -> dict[str, Any]:
    """What `from_json` needs; the space is one that the lab takes."""
    if isinstance(space, FrameStack):
        return {"kind": "FrameStack", "shape": list(space.shape)}
    if isinstance(space, spaces.Box):
        low, high = (np.where(np.isfinite(bound), bound, 0).tolist() for bound in (space.low, space.high))
        bounded = (np.isfinite(space.low) & np.isfinite(space.high)).tolist()
        if len(space.shape) > 1:  # an image: one bound for all
            low, high, bounded = float(space.low.min()), float(space.high.max()), True
        kind = {"kind": "Box", "shape": list(space.shape), "dtype": space.dtype.name}
        return {**kind, "low": low, "high": high, "bounded": bounded}
    if isinstance(space, spaces.Discrete):
        return {"kind": "Discrete", "n": int(space.n)}
    raise UserError(f"the lab does not take a space of this kind: received {space}, allowed are Box and Discrete")


def from_json(value: dict[str, Any]) -> spaces.Space[Any]:
    """The space that `to_json` described."""
    if value["kind"] == "FrameStack":
        return FrameStack(*value["shape"])
    if value["kind"] == "Discrete":
        return spaces.Discrete(value["n"])
    bounded, dtype = np.asarray(value["bounded"]), np.dtype(value["dtype"])
    low = np.broadcast_to(np.where(bounded, value["low"], -np.inf), value["shape"]).astype(dtype)
    high = np.broadcast_to(np.where(bounded, value["high"], np.inf), value["shape"]).astype(dtype)
    return spaces.Box(low, high, dtype=dtype.type)
