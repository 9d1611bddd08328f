"""Steps a second of Stable-Baselines3, on the work that its one argument describes in JSON.

`python scripts/benchmark.py throughput --peer sb3` calls it in a virtual environment of its own. It imports nothing of
the lab, and its last line is one JSON object.
"""

import json
import sys
import time

import ale_py
import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack


class Stopwatch(BaseCallback):
    """Times some `timed` steps that follow the first `untimed` ones, then ends the training.

    Several environments may make a few more of each.
    """

    def __init__(self, untimed: int, timed: int) -> None:
        super().__init__()
        self._begin = untimed
        self._end = untimed + timed
        self._started: tuple[int, float] | None = None
        self.steps_per_s = 0.0

    def _on_step(self) -> bool:
        step, now = self.num_timesteps, time.perf_counter()
        if self._started is None and step >= self._begin:
            self._started = step, now
        elif self._started is not None and step >= self._end:
            first, then = self._started
            self.steps_per_s = (step - first) / (now - then)
        return step < self._end


def main() -> None:
    work = json.loads(sys.argv[1])
    gymnasium.register_envs(ale_py)
    games = make_atari_env(
        work["env"],
        n_envs=work["num_envs"],
        seed=0,
        env_kwargs={"frameskip": 1, "repeat_action_probability": work["sticky_actions"]},
        wrapper_kwargs={"noop_max": 0, "frame_skip": work["frame_skip"], "terminal_on_life_loss": False},
    )
    algorithm = getattr(stable_baselines3, work["algorithm"])
    model = algorithm("CnnPolicy", VecFrameStack(games, 4), seed=0, **work["settings"])
    stopwatch = Stopwatch(work["untimed_steps"], work["timed_steps"])
    model.learn(work["untimed_steps"] + work["timed_steps"], callback=stopwatch)
    result = {"steps_per_s": stopwatch.steps_per_s, "threads": torch.get_num_threads()}
    print(json.dumps(result | {"stable_baselines3": stable_baselines3.__version__, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
