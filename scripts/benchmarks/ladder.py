"""What each change brings in speed: the rungs of a ladder, in turn, as ratios to the first within one run."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import peer, throughput
from rlab import command_line
from rlab.config import check_range
from rlab.types import UserError

_RUNGS = (
    "one thread: --agent dqn --threads 1",
    "all threads: --agent dqn",
    "batches of 64: --agent dqn --group 2",
    "batches of 128: --agent dqn --group 4",
    "batches of 256: --agent dqn --group 8",
    "128 in bfloat16: --agent dqn --group 4 --precision mixed_bfloat16",
    "128 with nips: --agent dqn --group 4 --network nips",
    "128 rainbow not double: --agent rainbow --group 4",
    "128 double: --agent dqn --group 4 --double",
    "128 rainbow: --agent rainbow --group 4 --double",
)


@dataclass(frozen=True)
class Options:
    """Time several ways to learn from as many samples a step, each in a process of its own, one after another, and that
    several times."""

    rungs: tuple[str, ...] = _RUNGS
    """Of each a name, a colon and options of `benchmark.py throughput`."""
    repeats: int = 3
    """How often the ladder is climbed. Speeds of a machine drift: each climb is compared with its own first rung."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py ladder", description=__doc__ or "")
    check_range("repeats", options.repeats, 1)
    rungs = command_line.named_options("rung", options.rungs, example=_RUNGS[0])
    if not rungs:
        raise UserError(f"a ladder has rungs: received none, allowed is like --rungs {_RUNGS[0]!r} {_RUNGS[1]!r}")
    for words in rungs.values():
        throughput.settings_of(throughput.parse(words))  # so that a mistake shows before anything is timed
    script = Path(__file__).parents[1] / "benchmark.py"
    climbs: list[dict[str, float]] = []
    for climb in range(options.repeats):
        climbs.append({})
        for name, words in rungs.items():
            said = peer.said_by([sys.executable, str(script), "throughput", *words])
            speed = json.loads(said.splitlines()[-1])["steps_per_s"]
            climbs[-1][name] = speed
            print(f"climb {climb + 1} of {options.repeats}, {name}: {speed:.1f} steps/s", flush=True)
    first = next(iter(rungs))
    found = {}
    print(f"{'':24}{'steps/s':>10}{'ratio':>8}{'from':>8}{'to':>8}")
    for name in rungs:
        ratios = [climb[name] / climb[first] for climb in climbs]
        speed, middle = median(climb[name] for climb in climbs), median(ratios)
        print(f"{name:24}{speed:10.1f}{middle:8.2f}{min(ratios):8.2f}{max(ratios):8.2f}")
        found[name] = {"steps_per_s": speed, "ratio": middle, "ratios": ratios}
    print(json.dumps(found))
