"""Measure the lab itself: how fast it is and what makes it so, whether killed runs resume exactly, what a replay costs,
how far intervals can be trusted; and what another library learns in the same time.

python scripts/benchmark.py throughput --agent dqn --env ALE/MsPacman-v5 --peer sb3
python scripts/benchmark.py ladder
python scripts/benchmark.py learning --algorithm PPO --minutes 30
python scripts/benchmark.py resume --kills 20 --num-envs 8
python scripts/benchmark.py memory --transitions 100000
python scripts/benchmark.py coverage --samples 1000
"""

from collections.abc import Sequence

from benchmarks import coverage, ladder, learning, memory, resume, throughput

from rlab import command_line
from rlab.types import UserError

BENCHMARKS = {
    "throughput": throughput.main,
    "ladder": ladder.main,
    "learning": learning.main,
    "resume": resume.main,
    "memory": memory.main,
    "coverage": coverage.main,
}


def main(arguments: Sequence[str]) -> None:
    allowed = f"allowed are {', '.join(BENCHMARKS)}"
    if not arguments:
        raise UserError(f"which benchmark? benchmark.py BENCHMARK [options], {allowed}")
    if arguments[0] in ("-h", "--help"):
        print(f"{__doc__}\nThe settings of one: benchmark.py BENCHMARK --help")
        return
    if arguments[0] not in BENCHMARKS:
        raise UserError(f"unknown benchmark: received {arguments[0]!r}, {allowed}")
    BENCHMARKS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    command_line.run(main)
