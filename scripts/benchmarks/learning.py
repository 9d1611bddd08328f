"""What another library learns of an Atari game in so many minutes, to be seen beside `train.py --minutes`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import envs
from benchmarks import peer
from rlab import command_line
from rlab.config import check_range
from rlab.protocol import find_protocol
from rlab.report.scores import mean_interval


@dataclass(frozen=True)
class Options:
    """Train Stable-Baselines3 for some minutes with the settings that its RL Zoo has for Atari, and let it play.

    These are meant for 10 million steps, over which their schedules run. DQN plays at random for the first 100,000, and
    its replay takes 5.6 GB. It is scored as it is at the end. `train.py` scores its best checkpoint by validation
    instead, which gains something; its validation games and checkpoints are in its minutes, which costs something.
    """

    algorithm: Literal["PPO", "DQN"] = "PPO"
    """Its algorithm."""
    env: str = "ALE/MsPacman-v5"
    """The Gymnasium id of an Atari game. It is scored by full games with the emulator of `ale_v5`."""
    minutes: float = 30.0
    """Minutes of training; making and scoring the agent are not in them."""
    seeds: int = 2
    """Trainings, one after another, with the seeds 1 to n."""
    episodes: int = 30
    """Full games that each plays at the end."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py learning", description=__doc__ or "")
    check_range("minutes", options.minutes, 1e-3)
    for name in ("seeds", "episodes"):
        check_range(name, getattr(options, name), 1)
    envs.check_name(options.env)
    emulator = find_protocol("ale_v5", options.env).emulator
    assert emulator is not None
    found: list[dict[str, Any]] = []
    for seed in range(1, options.seeds + 1):
        work = {"algorithm": options.algorithm, "env": options.env, "minutes": options.minutes, "seed": seed}
        work |= {"episodes": options.episodes, "frame_skip": emulator.frame_skip[0]}
        found.append(peer.trained({**work, "sticky_actions": emulator.sticky_actions}))
        mean, low, high = mean_interval(found[-1]["scores"])
        print(
            f"sb3 {options.algorithm}, seed {seed}: {found[-1]['steps']:,} steps in {options.minutes:g} minutes; "
            f"{options.episodes} games: mean {mean:.1f} [{low:.1f}, {high:.1f}]",
            flush=True,
        )
    print(json.dumps(found))
