"""What Stable-Baselines3 learns of an Atari game in so many minutes; its one argument tells which work, in JSON.

`python scripts/benchmark.py learning` calls it in a virtual environment of its own. It imports nothing of the lab, and
its last line is one JSON object. The settings are those that its authors' RL Zoo has for Atari games.
"""

import json
import sys
import time
from typing import Any

import ale_py
import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecFrameStack

STEPS = 10_000_000  # over which the Zoo lets its schedules run


def falling(start: float) -> Any:
    """A setting that falls to 0 over `STEPS`."""
    return lambda left: start * left


NUM_ENVS = {"PPO": 8, "DQN": 1}
SETTINGS: dict[str, dict[str, Any]] = {
    "PPO": {
        "n_steps": 128,
        "n_epochs": 4,
        "batch_size": 256,
        "learning_rate": falling(2.5e-4),
        "clip_range": falling(0.1),
        "vf_coef": 0.5,
        "ent_coef": 0.01,
    },
    "DQN": {
        "buffer_size": 100_000,
        "learning_rate": 1e-4,
        "batch_size": 32,
        "learning_starts": 100_000,
        "target_update_interval": 1_000,
        "train_freq": 4,
        "gradient_steps": 1,
        "exploration_fraction": 0.1,
        "exploration_final_eps": 0.01,
    },
}


class Clock(BaseCallback):
    """Ends the training after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._end = time.monotonic() + seconds

    def _on_step(self) -> bool:
        return time.monotonic() < self._end


def main() -> None:
    work = json.loads(sys.argv[1])
    gymnasium.register_envs(ale_py)

    def games(num_envs: int, seed: int, **wrapped: Any) -> VecFrameStack:
        emulator = {"frameskip": 1, "repeat_action_probability": work["sticky_actions"]}
        wrapped = {"frame_skip": work["frame_skip"], **wrapped}
        return VecFrameStack(
            make_atari_env(work["env"], num_envs, seed, env_kwargs=emulator, wrapper_kwargs=wrapped), 4
        )

    name = work["algorithm"]
    training = games(NUM_ENVS[name], work["seed"])  # lives are episodes, rewards are clipped
    model = getattr(stable_baselines3, name)("CnnPolicy", training, seed=work["seed"], **SETTINGS[name])
    model.learn(STEPS, callback=Clock(60 * work["minutes"]))
    whole = games(1, work["seed"] + 1_000_000, terminal_on_life_loss=False, clip_reward=False, noop_max=0)
    # As the Zoo does it, PPO draws from its policy; DQN plays greedily, which is kinder to it than its exploration.
    scores, frames = evaluate_policy(
        model, whole, work["episodes"], deterministic=name == "DQN", return_episode_rewards=True, warn=False
    )
    result = {"steps": model.num_timesteps, "scores": scores, "frames": frames}
    print(json.dumps(result | {"stable_baselines3": stable_baselines3.__version__, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
