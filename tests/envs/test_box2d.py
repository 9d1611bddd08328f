"""Box2D environments play a game again to the bit, whatever was played in them before."""

import numpy as np
import pytest

from envs.single import make_one


@pytest.mark.parametrize("name", ["BipedalWalker-v3", "BookBipedalWalker-v0", "CarRacing-v3", "LunarLander-v3"])
def test_a_game_is_the_same_after_others(name):
    env = make_one(name)

    def played(seed):
        env.action_space.seed(seed)
        found = [env.reset(seed=seed)[0]]
        for _ in range(120):
            observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
            found += [observation, np.array(reward)]
            if terminated or truncated:
                break
        return [values.tobytes() for values in found]

    first = played(0)
    for seed in range(1, 4):
        played(seed)
    assert played(0) == first
    env.close()
