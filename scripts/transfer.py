"""Does what was learnt before help an agent, or another setting? Train it from scratch and so, on the same seeds.

python scripts/transfer.py dqn --env CartPole-v1 --encoders FOLDER/encoder.keras --seeds 5 -- --gamma 0.98
python scripts/transfer.py dqn --env CartPole-v1 --variants "dueling: --dueling" "3 steps: --n-steps 3" --seeds 5
python scripts/transfer.py --report FOLDER [FOLDER ...]
"""

import json
import multiprocessing
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

import agents
from rlab import command_line, rundir
from rlab.config import MOST_EPISODES, MOST_THREADS, RunConfig, Settings, check_range
from rlab.folders import check_out, write_whole
from rlab.jobs.planned import new_folder
from rlab.jobs.work import Job, Work, script, share_of_cores
from rlab.pretrained import read_passport
from rlab.report.curves import training_seconds
from rlab.report.references import solved_from
from rlab.report.transfer.arms import check_names, make_arms, make_variants, other_shapes
from rlab.report.transfer.findings import find
from rlab.report.transfer.folder import check_different, choose_folder
from rlab.report.transfer.plan import LOGS, PLAN, Arm, Plan
from rlab.report.transfer.runs import command, finished_run, untrained_to_make, whole_seeds
from rlab.report.transfer.summary import over_tasks
from rlab.report.transfer.words import report
from rlab.types import UserError

if __package__:  # as the tests import it; called as a script it stands beside train.py
    from scripts import train
else:
    import train

PROGRAM = "transfer.py"
SCRIPTS = Path(__file__).parent
ROOT = Path("checkpoints")
REPORT, NUMBERS = "transfer.md", "transfer.json"
# Options of train.py that tell the runs of a comparison apart, or that have one of the same name here.
OWN = ("--env", "--steps", "--minutes", "--seed", "--threads", "--root", "--score-episodes", "--check-env", "--resume")
OWN += ("--encoder", "--policy", "--freeze", "--encoder-learning-rate", "--seeds", "--jobs", "--group", "--help", "-h")


@dataclass(frozen=True)
class Options:
    """What is compared. Further options of train.py, for all runs, follow after --."""

    agent: Annotated[str, tyro.conf.Positional] = ""
    """The agent that is trained, as in train.py."""
    env: str = train.DEFAULT_ENVIRONMENT
    """The Gymnasium id of the environment."""
    steps: int = 100_000
    """Agent steps of each training."""
    encoders: tuple[Path, ...] = ()
    """Pretrained encoders; each is trained with twice, frozen and thawed."""
    untrained: bool = False
    """As a control, train also with networks of their shape that have learnt nothing, other ones for every seed."""
    policies: tuple[Path, ...] = ()
    """Cloned policies to begin with."""
    variants: tuple[str, ...] = ()
    """Other settings to train with from scratch, as in an ablation: of each a name, a colon and options of train.py."""
    encoder_learning_rate: float = 0.0
    """Step size for thawed encoders; 0: that of everything else."""
    seeds: int = 3
    """Every arm is trained with the seeds 1 to n. Fewer than 5 show only large differences. More of them go on with the
    same comparison; but who adds seeds until a difference shows will find one where there is none."""
    jobs: int = 1
    """Trainings at a time."""
    threads: int = 0
    """Processor threads of each training; 0: its share of the processor's cores."""
    score_episodes: int = 0
    """Full games that the best checkpoint of each run plays at the end; 0: none."""
    threshold: float | None = None
    """Points that the mean of the latest games is to reach, to be chosen before you see curves. None: from where
    Gymnasium counts the environment as solved, if it says so."""
    threshold_games: int = 20
    """How many latest games that mean is of."""
    out: Path | None = None
    """The folder of the comparison. None: the latest with the same plan in checkpoints/ENV/transfer, else a new one."""
    report: tuple[Path, ...] = ()
    """Train nothing, but put what these folders came to into one report."""

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs", "threshold_games"):
            check_range(name, getattr(self, name), 1)
        check_range("threads", self.threads, 0, MOST_THREADS)
        check_range("score_episodes", self.score_episodes, 0, MOST_EPISODES)
        if self.threshold is not None:
            check_range("threshold", self.threshold, -1e300)
        if self.encoder_learning_rate and not self.encoders:
            raise UserError(
                f"no encoder is thawed: received --encoder-learning-rate {self.encoder_learning_rate:g}, allowed with "
                "--encoders"
            )


def main(arguments: Sequence[str]) -> None:
    words = list(arguments)
    own, further = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    options = command_line.parse(Options, own, program=PROGRAM, description=__doc__ or "")
    if options.report:
        put_together(options, further)
        return
    plan, settings = make_plan(options, further)
    known = [item for kind in (RunConfig, type(settings[0].config)) for item in fields(kind)]
    folder = choose_folder(options.out, ROOT, plan, {item.name: item.default for item in known})
    if not (folder / PLAN).is_file():
        elsewhere(build, {arm.name: one for arm, one in zip(plan.arms, settings, strict=True)})
        folder.mkdir(parents=True, exist_ok=True)
    with rundir.locked(folder):
        plan.write(folder)  # also over one with fewer seeds
        if todo := untrained_to_make(folder, plan):
            elsewhere(make_untrained, todo)
        compare(folder, plan, options.jobs)
    publish([folder], folder)


def elsewhere(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function in a process of its own, which takes TensorFlow along when it ends."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        other.submit(function, *arguments).result()


def make_plan(options: Options, further: Sequence[str]) -> tuple[Plan, list[Settings]]:
    """What is to be compared, and the settings of every arm, after train.py has checked them."""
    if not options.agent:
        raise UserError(
            f"which agent? {PROGRAM} AGENT --encoders FILE ... or --variants NAME:OPTIONS ..., agents are "
            f"{', '.join(agents.names())}"
        )
    variants = make_variants(options.variants)
    places = {"after --": further, **{f"for {variant.name}": variant.options for variant in variants}}
    for place, word in ((place, word) for place, words in places.items() for word in words):
        if (name := word.split("=")[0].replace("_", "-")) in OWN:
            raise UserError(f"{name} is the comparison's to set: received {word} {place}, allowed are other options")
    threads = options.threads or share_of_cores(options.jobs)
    shared = f"--steps {options.steps} --minutes None --seed 1 --threads {threads}".split()
    shared = [options.agent, "--env", options.env, *shared, *further]
    scratch = train.parse(shared)[1]
    if not (options.encoders or options.policies or variants):
        raise UserError(
            "nothing to compare with scratch: received no file and no other settings, allowed are --encoders, "
            "--policies and --variants"
        )
    arms = make_arms(options.encoders, options.policies, options.encoder_learning_rate, options.untrained)
    arms += variants
    settings = [train.parse([*shared, *arm.words])[1] for arm in arms]
    check_names(arms)
    for number, (arm, one) in enumerate(zip(arms, settings, strict=True)):
        same = [other.name for other, its in zip(arms[:number], settings, strict=False) if its.values() == one.values()]
        if same and not arm.kind:
            raise UserError(f"{arm.name}: trains as {same[0]} does, so there is nothing to compare")
        if (one.run.num_envs, one.run.protocol) != (scratch.run.num_envs, scratch.run.protocol):
            raise UserError(f"{arm.name}: all runs have the same protocol and --num-envs, which go after --")
    plan = Plan(
        scratch.values(),
        tuple(further),
        arms,
        options.seeds,
        options.score_episodes,
        solved_from(scratch.run.env) if options.threshold is None else options.threshold,
        options.threshold_games,
    )
    return plan, settings


def build(settings: Mapping[str, Settings]) -> None:
    """Make the agent of each arm once, as only that shows whether the layers of what it takes over fit."""
    for name, one in settings.items():
        try:
            agents.make(one)
        except UserError as error:
            raise UserError(f"{name}: {error}") from error


def make_untrained(networks: Mapping[Path, tuple[Path, int]]) -> None:
    """Write networks that have learnt nothing, each with a shape and a seed."""
    from rlab import devices  # noqa: F401 - first of all that brings TensorFlow, which it keeps quiet
    from rlab.representation.passports import write_untrained

    for path, (encoder, seed) in networks.items():
        write_untrained(path, encoder, seed)


def compare(folder: Path, plan: Plan, jobs: int) -> None:
    """Train what is not there yet. Ends the program if the user interrupts it."""
    arms = ", ".join(arm.name for arm in plan.arms)
    print(f"{len(plan.runs)} runs of {plan.steps:,} steps, {plan.seeds} of each: {arms}")
    passports = {arm.name: read_passport(Path(arm.file)) for arm in plan.arms if arm.kind}
    print("\n".join([f"folder: {folder}", *other_shapes(plan.settings["config"], passports)]), flush=True)
    there = [run for arm, seed in plan.runs if (run := finished_run(folder, plan, arm, seed)) is not None]
    if there:
        print(f"{len(there)} of {len(plan.runs)} are there already", flush=True)
    todo = [
        Job(
            f"{arm.name}, seed {seed}",
            partial(_next_call, folder, plan, arm, seed),
            folder / LOGS / f"{arm.folder}-s{seed}.txt",
        )
        for arm, seed in plan.runs
    ]
    if Work(todo, len(todo), jobs, [training_seconds(run, plan.num_envs, plan.steps) for run in there]).do():
        return
    print(f"seeds that are finished in every arm: {', '.join(map(str, whole_seeds(folder, plan))) or 'none yet'}")
    print(f"go on with: {shlex.join(['python', 'scripts/transfer.py', *sys.argv[1:]])}")
    raise SystemExit(130)


def _next_call(folder: Path, plan: Plan, arm: Arm, seed: int) -> list[str] | None:
    return script(SCRIPTS, command(folder, plan, arm, seed))


def put_together(options: Options, further: Sequence[str]) -> None:
    """Report on comparisons that were made: on one where it lies, on several in a folder of their own."""
    nothing = Options(report=options.report, out=options.out)
    asked = [item.name for item in fields(Options) if getattr(options, item.name) != getattr(nothing, item.name)]
    words = [*([options.agent] if options.agent else []), *(f"--{name.replace('_', '-')}" for name in asked), *further]
    if words:
        raise UserError(f"--report trains nothing: received {words[0]}, allowed is --out beside it")
    folders = list({folder.resolve(): folder for folder in options.report}.values())
    check_different(folders)
    out = options.out or (folders[0] if len(folders) == 1 else new_folder(ROOT / "transfer"))
    if out not in folders and ((out / PLAN).exists() or not (out / NUMBERS).exists()):
        check_out(out)
    publish(folders, out)


def publish(folders: Sequence[Path], out: Path) -> None:
    """Write the report on some comparisons to a folder, and print it."""
    tasks = [find(folder) for folder in folders]
    text = report(tasks)
    out.mkdir(parents=True, exist_ok=True)
    numbers = {"tasks": [task.values() for task in tasks], "together": [asdict(share) for share in over_tasks(tasks)]}
    write_whole(out / NUMBERS, json.dumps(numbers, indent=2) + "\n")
    write_whole(out / REPORT, text)
    print(text)
    print(f"report: {out / REPORT}, numbers: {out / NUMBERS}")
    print("\n".join(f"see the curves: tensorboard --logdir {shlex.quote(str(folder))}" for folder in folders))


if __name__ == "__main__":
    command_line.run(main)
