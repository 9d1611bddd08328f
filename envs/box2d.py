"""Box2D environments that play the same game again, not only when they are new."""

from typing import Any

import gymnasium

_REUSE_THEIR_WORLD = ("gymnasium.envs.box2d.bipedal_walker", "gymnasium.envs.box2d.car_racing")


class NewWorld(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives an environment a new physical world with each reset.

    A world that was used before keeps something of what was in it, so that the same seed and actions come to slightly
    other numbers. Gymnasium's LunarLander does the same as this (its issue 728).
    """

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        inner: Any = self.env.unwrapped
        inner._destroy()
        inner.world = type(inner.world)(gravity=inner.world.gravity)
        return super().reset(**arguments)


def made_to_repeat(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """The environment, with new worlds if it is one that needs them."""
    return NewWorld(env) if type(env.unwrapped).__module__ in _REUSE_THEIR_WORLD else env
