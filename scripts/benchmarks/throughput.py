"""How many steps a second an agent makes while it learns, where the time goes, and how near that is to the floor."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agents.dqn import Config
from benchmarks import peer
from benchmarks.work import settings_for
from rlab import command_line
from rlab.config import RunConfig, Settings, check_range
from rlab.protocol import Protocol
from rlab.types import UserError

if TYPE_CHECKING:
    from benchmarks.speed import Speed

_CAPACITY = 10_000
_UNTIMED_UPDATES = 50  # once the replay is full
_WORK: dict[str, tuple[str, dict[str, Any]]] = {  # preset, and what is replaced in it
    "dqn": (
        "paper",
        {
            "optimizer": "adam",
            "optimizer_epsilon": 1e-8,
            "learning_rate": 1e-4,
            "target_period_updates": 250,
            "warmup_steps": _CAPACITY,
            "replay_capacity": _CAPACITY,
            "epsilon_start": 0.01,
            "epsilon_end": 0.01,
        },
    ),
    "random": ("uniform", {}),
}


@dataclass(frozen=True)
class Options:
    """Time an agent's loop with one environment; the agent's settings are fixed, so that figures can be compared."""

    agent: Literal["dqn", "random"] = "dqn"
    """dqn: a batch of 32 every 4 steps, from a replay of 10,000; random: no learning."""
    env: str = "ALE/MsPacman-v5"
    """The Gymnasium id of the environment."""
    steps: int = 2_000
    """Agent steps that are timed, once the replay is full."""
    peer: Literal["none", "sb3"] = "none"
    """sb3: Stable-Baselines3's DQN does the same work, in turn with ours, each in a process of its own."""
    repeats: int = 3
    """Pairs of runs, where there is a peer."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py throughput", description=__doc__ or "")
    check_range("steps", options.steps, 1)
    check_range("repeats", options.repeats, 1)
    preset, replaced = _WORK[options.agent]
    settings, protocol = settings_for(options.agent, preset, RunConfig(options.env), **replaced)
    if options.peer == "none":
        from rlab import devices  # first of all that brings TensorFlow, which it keeps quiet

        devices.configure(settings.run)
        from benchmarks.speed import measure

        speed = measure(settings, protocol, _UNTIMED_UPDATES, options.steps)
        print(describe(speed))
        print(json.dumps({**asdict(speed), "floor_step_ms": speed.floor_step_ms, "floor_share": speed.floor_share}))
        return
    work = _work_of_peer(settings, protocol, options.steps)
    script = Path(__file__).parents[1] / "benchmark.py"
    ours = [sys.executable, str(script), "throughput", "--env", options.env, "--steps", str(options.steps)]
    print(json.dumps(peer.compare(ours, work, options.repeats)))


def describe(speed: "Speed") -> str:
    """The table: what each part takes when it is called, and on average a step."""
    parts = [
        ("emulator", speed.emulator_ms, 1.0, ""),
        ("acting", speed.act_ms, 1.0, f"floor {speed.floor_act_ms:.3f} ms"),
        ("adding to the replay", speed.observe_ms, 1.0, ""),
        ("update", speed.update_ms, speed.updates_per_step, f"floor {speed.floor_ms:.2f} ms"),
    ]
    lines = [f"{'':22}{'a call':>12}{'a step':>12}"]
    lines += [f"{name:22}{ms:9.3f} ms{ms * calls:9.3f} ms   {note}".rstrip() for name, ms, calls, note in parts if ms]
    if speed.update_ms:
        share = f"{speed.sample_ms / speed.update_ms:.0%} of the update"
        lines.append(f"{'  of which sampling':22}{speed.sample_ms:9.3f} ms{'':15}{share}")
    rest = speed.step_ms - sum(ms * calls for _, ms, calls, _ in parts)
    floor = f"floor {speed.floor_step_ms:.3f} ms, {speed.floor_share:.0%} of the measured time"
    lines.append(f"{'the rest of the loop':34}{rest:9.3f} ms")
    lines.append(f"{'the whole loop':34}{speed.step_ms:9.3f} ms   {floor}")
    arithmetic, memory = 2e-9 * speed.multiply_adds_per_s, 1e-9 * speed.bytes_per_s
    lines.append(f"floors: at {arithmetic:.0f} GFLOP/s in float32 and {memory:.1f} GB/s of memory, as measured here")
    return "\n".join([*lines, f"{speed.steps_per_s:.1f} steps/s"])


def _work_of_peer(settings: Settings, protocol: Protocol, steps: int) -> peer.Work:
    """The same work in the peer's words. Raises UserError if it cannot do it."""
    config = settings.config
    if not isinstance(config, Config) or protocol.emulator is None:
        raise UserError(
            f"--peer sb3 stands beside dqn on Atari: received {settings.agent} on {settings.run.env}, "
            "allowed is --agent dqn with an environment like ALE/MsPacman-v5"
        )
    untimed_steps = config.warmup_steps + _UNTIMED_UPDATES * config.update_period_steps
    return peer.Work(
        settings.run.env,
        protocol.emulator.frame_skip[0],
        protocol.emulator.sticky_actions,
        config.learning_rate,
        config.gamma,
        config.batch_size,
        config.update_period_steps,
        config.target_period_updates * config.update_period_steps,
        config.replay_capacity,
        config.epsilon_end,
        config.warmup_steps,
        untimed_steps,
        steps,
    )
