"""Games that nobody played, small enough to be written down."""

import numpy as np
from gymnasium import spaces

from rlab.representation.games import Game, Games
from rlab.types import FrameStack

PICTURES = FrameStack(6, 5, 3)
VECTORS = spaces.Box(-1, 1, (2,), np.float32)


def make(lengths, parts=None, *, space=PICTURES, actions=None, policies=None, frames=None, **columns):
    """Games of so many steps; every frame is another unless `frames` are given, every step pays its moment's number."""
    parts = parts or ["train"] * len(lengths)
    policies = policies or ["somebody"] * len(lengths)
    actions = actions or spaces.Discrete(3)
    moments = sum(lengths) + len(lengths)
    ends = np.cumsum(np.array(lengths) + 1) - 1
    if frames is None:
        shape = (moments, *(space.shape[:-1] if isinstance(space, FrameStack) else space.shape))
        frames = np.random.default_rng(0).integers(256, size=shape).astype(space.dtype)
    reward = columns.pop("reward", np.arange(moments, dtype=np.float32))
    reward[ends] = 0
    action = columns.pop("action", np.random.default_rng(1).integers(3, size=moments))
    tapes = [
        Game(policy, "folder", "demo", number, 0, number, length, float(100 * number), True, f"{number:032x}", part)
        for number, (length, part, policy) in enumerate(zip(lengths, parts, policies, strict=True))
    ]
    lives = np.zeros(moments, np.int64)
    ram = columns.pop("ram", np.arange(moments * 128).reshape(moments, 128).astype(np.uint8))
    assert not columns
    return Games(
        "Made-v0", "none:0", space, actions, tapes, frames=frames, action=action, reward=reward, lives=lives, ram=ram
    )
