"""Search the settings of an agent: train it with many of them, give up what is hopeless, and name the best.

python scripts/tune.py ppo --env CartPole-v1 --steps 20000 --search learning_rate=log:1e-5:1e-2 gamma=0.9,0.95,0.99
python scripts/tune.py ppo --env CartPole-v1 --sampler grid --search space.toml -- --minibatches 4
"""

import dataclasses
import itertools
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import tyro

import agents
from rlab import command_line, rundir
from rlab.config import MOST_THREADS, RunConfig, Settings, check_range
from rlab.jobs.planned import choose_folder
from rlab.jobs.work import Work, share_of_cores
from rlab.pretrained import KINDS as FILES
from rlab.report.terminal import Terminal
from rlab.tuning.plan import PLAN, Plan, read_plan
from rlab.tuning.space import Space, grid, read_space
from rlab.tuning.values import words
from rlab.types import UserError

if __package__:  # as the tests import it; called as a script it stands beside train.py
    from scripts import train
else:
    import train

PROGRAM = "tune.py"
SCRIPTS = Path(__file__).parent
ROOT = Path("checkpoints")
TRIALS = 30
_MOST_TRIED = 10_000  # combinations of other settings' ends, before one is refused
# Options of train.py that are set for each trial, or that have one of the same name here.
LOOKS = ("--evaluation-period-steps", "--checkpoint-period-steps", "--checkpoints-kept")
OWN = ("--env", "--preset", "--steps", "--minutes", "--seed", "--seeds", "--jobs", "--threads", "--root", "--group")
OWN += ("--score-episodes", "--check-env", "--resume", *LOOKS)
OF_RUN = ("num_envs", "life_loss_ends_value")  # settings of a run that are learnt by, beside those of its agent


@dataclass(frozen=True)
class Options:
    """What is searched, and how. Further options of train.py, for all trials, follow after --."""

    agent: Annotated[str, tyro.conf.Positional] = ""
    """The agent that is trained, as in train.py."""
    env: str = train.DEFAULT_ENVIRONMENT
    """The Gymnasium id of the environment."""
    preset: str = ""
    """Settings to start from, as in train.py; what is not searched stays so."""
    steps: int = 100_000
    """Agent steps of each training."""
    search: tuple[str, ...] = ()
    """What is searched: NAME=low:high, NAME=low:high:step, NAME=log:low:high, NAME=value,value or a TOML file of
    these."""
    trials: int | None = None
    """Trials in all; more of them go on with the same search. None: 30, of a grid all."""
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    """What proposes settings. tpe: what resembles the best so far, after ten at random; random: anything; grid: every
    combination."""
    pruner: Literal["median", "halving", "none"] = "median"
    """What gives up a trial: a best so far below the median of the others after as many steps; successive halving,
    which lets the best third go on each time that the steps have tripled; nothing."""
    seeds: int = 1
    """Each trial trains with the seeds 1 to n, and its score is the mean. More: less luck, longer."""
    evaluations: int = 10
    """How often a training is validated, which is when it may be given up."""
    jobs: int = 1
    """Trials at a time."""
    threads: int = 0
    """Processor threads of each training; 0: its share of the processor's cores."""
    out: Path | None = None
    """The folder of the search. None: the latest of the same in checkpoints/ENV/tune, else a new one."""

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs", "evaluations"):
            check_range(name, getattr(self, name), 1)
        check_range("threads", self.threads, 0, MOST_THREADS)
        if self.trials is not None:
            check_range("trials", self.trials, 1)


def main(arguments: Sequence[str]) -> None:
    given = list(arguments)
    own, further = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    options = command_line.parse(Options, own, program=PROGRAM, description=__doc__ or "")
    plan, space, start = make_plan(options, further)
    trials = len(grid(space)) if options.sampler == "grid" else TRIALS
    if options.trials is not None:
        trials = min(options.trials, trials) if options.sampler == "grid" else options.trials
    known = [item for kind in (RunConfig, type(start.config)) for item in fields(kind)]
    defaults = {item.name: item.default for item in known}
    parent = ROOT / plan.environment.replace(":", "-") / "tune"
    folder = choose_folder(options.out, parent, PLAN, lambda there: read_plan(there).difference(plan, defaults))
    folder.mkdir(parents=True, exist_ok=True)
    with rundir.locked(folder):
        if not (folder / PLAN).is_file():
            plan.write(folder)
        search(folder, plan, space, values_of(start), trials, options)


def make_plan(options: Options, further: Sequence[str]) -> tuple[Plan, Space, Settings]:
    """What is to be searched, and the settings to start from, after train.py has checked them."""
    if not options.agent:
        raise UserError(f"which agent? {PROGRAM} AGENT --search NAME=VALUES, agents are {', '.join(agents.names())}")
    for word in further:
        if (name := word.split("=")[0].replace("_", "-")) in OWN:
            raise UserError(f"{name} is not to be set for all trials: received {word} after --, see {PROGRAM} --help")
    check_range("steps", options.steps, 1)
    period = -(-options.steps // options.evaluations)
    shared = ["--env", options.env, *(["--preset", options.preset] if options.preset else [])]
    shared += ["--steps", str(options.steps), "--minutes", "None"]
    for look, value in zip(LOOKS, (period, period, 1), strict=True):
        shared += [look, str(value)]
    start = train.parse([options.agent, *shared, "--seed", "1", *further])[1]
    space = read_space(options.search, searchable(start))
    check_ends(space, start)
    kept = command_line.without([f"--{name.replace('_', '-')}" for name in space], further)
    searched = tuple(f"{name}={one.text}" for name, one in space.items())
    return (
        Plan(start.values(), (*shared, *kept), searched, options.sampler, options.pruner, options.seeds),
        space,
        start,
    )


def check_ends(space: Space, start: Settings) -> None:
    """Raise UserError if an end of what is searched is out of range whatever the ends of the others are."""
    for name, one in space.items():
        others = [[(other, end) for end in its.ends] for other, its in space.items() if other != name]
        for value in one.ends:
            refused: UserError | None = None
            for them in itertools.chain([()], itertools.islice(itertools.product(*others), _MOST_TRIED)):
                try:
                    _changed(start, {name: value, **dict(them)})
                    break
                except UserError as error:
                    refused = refused or error
            else:
                assert refused is not None
                raise refused


def _changed(start: Settings, values: Mapping[str, Any]) -> None:
    """Raise UserError if settings refuse these values."""
    for part, names in ((start.run, OF_RUN), (start.config, values.keys() - OF_RUN)):
        dataclasses.replace(part, **{name: values[name] for name in names if name in values})


def searchable(start: Settings) -> Mapping[str, Any]:
    """The settings that can be searched, with their types: what is learnt by, but no files."""
    own = {item.name: get_type_hints(type(start.config))[item.name] for item in fields(start.config)}  # type: ignore[arg-type]
    hints = get_type_hints(RunConfig)
    return {name: kind for name, kind in own.items() if name not in FILES} | {name: hints[name] for name in OF_RUN}


def values_of(start: Settings) -> Mapping[str, Any]:
    """The settings of a run and its agent by their names."""
    return {**vars(start.run), **vars(start.config)}


def search(folder: Path, plan: Plan, space: Space, start: Mapping[str, Any], trials: int, options: Options) -> None:
    """Make the trials that are not there yet, and tell what came of all. Ends the program if the user interrupts it."""
    from rlab.tuning.study import Study
    from rlab.tuning.trainings import job

    study = Study(folder, space, start, plan.sampler, plan.pruner, plan.seeds * plan.steps, plan.period)
    print(f"{trials} trials of {plan.seeds * plan.steps:,} steps, searching {' '.join(plan.search)}")
    print(f"folder: {folder}", flush=True)
    to_do = study.to_do(trials)
    if to_do < trials:
        print(f"{max(0, trials - to_do)} of {trials} are there already", flush=True)
    threads = options.threads or share_of_cores(options.jobs)
    todo = (job(folder, plan, trial, threads, SCRIPTS) for trial in study.trials(trials))
    if not Work(todo, to_do, options.jobs).do():
        print(f"go on with: {shlex.join(['python', 'scripts/tune.py', *sys.argv[1:]])}")
        raise SystemExit(130)
    tell(folder, plan, study.outcomes())


def tell(folder: Path, plan: Plan, outcomes: Sequence[Any]) -> None:
    """Print all trials, and the best settings as a command."""
    from rlab.tuning.table import best, table

    Terminal().print(table(outcomes))
    for one in outcomes:
        if one.reason:
            print(f"trial {one.number} failed: {one.reason}")
    found = best(outcomes)
    if found is None:
        raise UserError(f"no trial came to its end: all that they said is in {folder / 'logs'}")
    print(f"best: trial {found.number}, {found.score:,.1f}; as the best of {len(outcomes)} it is somewhat lucky")
    command = ["python", "scripts/train.py", plan.agent, *command_line.without(LOOKS, plan.options)]
    command += [*words(found.values), "--seed", str(plan.seeds + 1), "--seeds", "5"]
    print(f"train it with seeds that the search did not see: {shlex.join(command)}")
    print(f"see the trials: tensorboard --logdir {shlex.quote(str(folder))}")


if __name__ == "__main__":
    command_line.run(main)
