"""How many steps a second an agent makes while it learns, where the time goes, and how near that is to the floor."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from agents.dqn import Config as DQNConfig
from agents.ppo import Config as PPOConfig
from benchmarks import peer
from benchmarks.work import settings_for
from rlab import command_line
from rlab.config import MOST_THREADS, RunConfig, Settings, check_range
from rlab.protocol import Protocol
from rlab.types import UserError

if TYPE_CHECKING:
    from benchmarks.speed import Speed

_CAPACITY = 10_000


class _Bench(NamedTuple):
    """How an agent is timed."""

    agent: str
    preset: str
    replaced: Mapping[str, Any]  # settings of the preset
    num_envs: int
    untimed_calls: int  # of `learn`, that made updates
    steps: int


_SMALL_REPLAY = {"warmup_steps": _CAPACITY, "replay_capacity": _CAPACITY}
_BENCHES = {
    "dqn": _Bench(
        "dqn",
        "paper",
        {
            "optimizer": "adam",
            "optimizer_epsilon": 1e-8,
            "learning_rate": 1e-4,
            "target_period_updates": 250,
            "epsilon_start": 0.01,
            "epsilon_end": 0.01,
            **_SMALL_REPLAY,
        },
        1,
        50,
        2_000,
    ),
    "rainbow": _Bench("dqn", "rainbow", _SMALL_REPLAY, 1, 50, 2_000),
    "pqn": _Bench("pqn", "atari", {}, 32, 1, 8_192),
    "ppo": _Bench("ppo", "atari", {}, 8, 1, 4_096),
    "random": _Bench("random", "uniform", {}, 1, 0, 2_000),
}
_NIPS = {"encoder_kind": "nips", "hidden_sizes": (256,)}


@dataclass(frozen=True)
class Options:
    """Time an agent's loop; the agent's settings are fixed, so that figures can be compared."""

    agent: Literal["dqn", "rainbow", "pqn", "ppo", "random"] = "dqn"
    """dqn: a batch of 32 every 4 steps, from a replay of 10,000, 1 environment; rainbow: the same with C51, dueling and
    noisy layers, prioritised replay and returns over 3 steps (with --double it is all of Rainbow);
    pqn: 32 environments for 32 steps, 2 epochs, minibatches of 128; ppo: 8 environments for 128 steps, 4 epochs,
    minibatches of 256; random: no learning, 1 environment."""
    group: int = 1
    """dqn and rainbow: so many times 32 in a batch, as many times 4 steps between two, and twice as many environments:
    as many samples a step, in fewer and larger updates. A peer keeps to its batches of 32."""
    double: bool = False
    """dqn and rainbow: double Q-learning, which takes one more pass of the network. A peer does without."""
    network: Literal["nature", "nips"] = "nature"
    """The convolutions, with 512 or 256 units after them; see --encoder-kind of train.py. A peer keeps to Nature's."""
    threads: int = 0
    """Processor threads for TensorFlow; 0: all. A peer takes what it likes."""
    env: str = "ALE/MsPacman-v5"
    """The Gymnasium id of the environment, one of images."""
    steps: int = 0
    """Agent steps that are timed, once the replay is full and 50 updates are made, or the first rollout is learnt from;
    0: 2,000 to 8,192, by agent."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """The number format of our networks' arithmetic."""
    peer: Literal["none", "sb3"] = "none"
    """sb3: Stable-Baselines3 does the same work, in turn with ours, each in a process of its own."""
    repeats: int = 3
    """Pairs of runs, where there is a peer."""

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 0)
        check_range("repeats", self.repeats, 1)
        check_range("group", self.group, 1, 64)
        check_range("threads", self.threads, 0, MOST_THREADS)
        if (self.group > 1 or self.double) and self.agent not in ("dqn", "rainbow"):
            raise UserError(f"--group and --double are for dqn and rainbow: received --agent {self.agent}")
        if self.network != "nature" and self.agent == "random":
            raise UserError(f"an agent without a network has no --network: received {self.network} for random")


def parse(arguments: Sequence[str]) -> Options:
    """Raises UserError on a mistake."""
    options: Options = command_line.parse(
        Options, arguments, program="benchmark.py throughput", description=__doc__ or ""
    )
    return options


def main(arguments: Sequence[str]) -> None:
    options = parse(arguments)
    bench = _BENCHES[options.agent]
    steps = options.steps or bench.steps
    settings, protocol = settings_of(options)
    if options.peer == "none":
        from rlab import devices  # first of all that brings TensorFlow, which it keeps quiet

        devices.configure(settings.run)
        from benchmarks.speed import measure

        speed = measure(settings, protocol, bench.untimed_calls, steps)
        print(describe(speed))
        print(json.dumps({**asdict(speed), "floor_step_ms": speed.floor_step_ms, "floor_share": speed.floor_share}))
        return
    plain, _ = settings_of(Options(options.agent, env=options.env))
    work = _work_of_peer(plain, protocol, bench.untimed_calls, steps)
    script = Path(__file__).parents[1] / "benchmark.py"
    ours = [sys.executable, str(script), "throughput", *command_line.without({"--peer", "--repeats"}, arguments)]
    print(json.dumps(peer.compare(ours, work, options.repeats)))


def settings_of(options: Options) -> tuple[Settings, Protocol]:
    """The work of an agent as the options change it. Raises UserError if there is no such environment or none fits."""
    bench, group = _BENCHES[options.agent], options.group
    run = RunConfig(
        options.env,
        num_envs=bench.num_envs if group == 1 else 2 * group,
        precision=options.precision,
        threads=options.threads,
    )
    replaced = {**bench.replaced, **(_NIPS if options.network == "nips" else {})}
    if bench.agent == "dqn":
        replaced |= {"batch_size": 32 * group, "update_period_steps": 4 * group, "double": options.double}
    return settings_for(bench.agent, bench.preset, run, **replaced)


def describe(speed: "Speed") -> str:
    """The table: what each part takes when it is called, and on average a step."""
    parts = [
        ("emulator", speed.emulator_ms, 1 / speed.num_envs, ""),
        ("acting", speed.act_ms, 1 / speed.num_envs, f"floor {speed.floor_act_ms:.3f} ms"),
        ("remembering", speed.observe_ms, 1 / speed.num_envs, ""),
        ("update", speed.update_ms, speed.updates_per_step, f"floor {speed.floor_ms:.2f} ms"),
    ]
    lines = [f"{'':22}{'a call':>12}{'a step':>12}"]
    lines += [f"{name:22}{ms:9.3f} ms{ms * calls:9.3f} ms   {note}".rstrip() for name, ms, calls, note in parts if ms]
    if speed.sample_ms:  # where the gradient before is still being computed in the meantime
        lines.append(f"{'  sampling, beside it':22}{speed.sample_ms:9.3f} ms")
    rest = speed.step_ms - sum(ms * calls for _, ms, calls, _ in parts)  # below 0 where an update runs beside acting
    floor = f"floor {speed.floor_step_ms:.3f} ms, {speed.floor_share:.0%} of the measured time"
    lines.append(f"{'the rest of the loop':34}{rest:9.3f} ms")
    lines.append(f"{'the whole loop':34}{speed.step_ms:9.3f} ms   {floor}")
    arithmetic, memory = 2e-9 * speed.multiply_adds_per_s, 1e-9 * speed.bytes_per_s
    lines.append(f"floors: at {arithmetic:.0f} GFLOP/s in float32 and {memory:.1f} GB/s of memory, as measured here")
    return "\n".join([*lines, f"{speed.steps_per_s:.1f} steps/s"])


def _work_of_peer(settings: Settings, protocol: Protocol, untimed_calls: int, steps: int) -> peer.Work:
    """The same work in the peer's words. Raises UserError if it cannot do it."""
    config, num_envs = settings.config, settings.run.num_envs
    if protocol.emulator is not None and isinstance(config, DQNConfig) and settings.preset != "rainbow":
        algorithm, theirs = "DQN", _settings_of_dqn(config)
        untimed_steps = config.warmup_steps + untimed_calls * config.update_period_steps
    elif protocol.emulator is not None and isinstance(config, PPOConfig):
        algorithm, theirs = "PPO", _settings_of_ppo(config, num_envs)
        # One turn more: the peer tells of a step before it learns from the rollout that this step ends.
        untimed_steps = (untimed_calls * config.rollout_steps + 1) * num_envs
    else:
        raise UserError(
            f"--peer sb3 stands beside dqn and ppo on Atari: received {settings.agent} on {settings.run.env}, "
            "allowed is --agent dqn or ppo with an environment like ALE/MsPacman-v5"
        )
    frame_skip, sticky_actions = protocol.emulator.frame_skip[0], protocol.emulator.sticky_actions
    return peer.Work(algorithm, theirs, settings.run.env, num_envs, frame_skip, sticky_actions, untimed_steps, steps)


def _settings_of_dqn(config: DQNConfig) -> dict[str, Any]:
    return {
        "learning_rate": config.learning_rate,
        "buffer_size": config.replay_capacity,
        "learning_starts": config.warmup_steps,
        "batch_size": config.batch_size,
        "gamma": config.gamma,
        "train_freq": config.update_period_steps,
        "gradient_steps": 1,
        "target_update_interval": config.target_period_updates * config.update_period_steps,
        "exploration_initial_eps": config.epsilon_start,
        "exploration_final_eps": config.epsilon_end,
    }


def _settings_of_ppo(config: PPOConfig, num_envs: int) -> dict[str, Any]:
    return {
        "learning_rate": config.learning_rate,
        "n_steps": config.rollout_steps,
        "batch_size": config.rollout_steps * num_envs // config.minibatches,
        "n_epochs": config.epochs,
        "gamma": config.gamma,
        "gae_lambda": config.trace_decay,
        "clip_range": config.clip_range,
        "ent_coef": config.entropy_coefficient,
        "vf_coef": config.value_coefficient,
        "max_grad_norm": config.gradient_norm,
    }
