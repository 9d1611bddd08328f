"""One run: the loop, with logging, evaluation and checkpoints around it.

A run is a pure function of its settings and its seed: interrupted at any step and resumed, it ends with the bits of one
that was never interrupted (times aside). What that takes is in each checkpoint: the agent, the actor, the loop's
counters and unfinished episodes, what the log has gathered, and the length of the event file, to which a resume cuts
it. Finished episodes are in the tape store, committed before the checkpoint; younger rows are deleted at resume.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

from rlab import checkpoint, evaluation
from rlab.agent import Agent
from rlab.budget import CLOCK, Budget, Clock, read_clock
from rlab.checkpoint import STATE, training_state
from rlab.config import Settings
from rlab.history import history
from rlab.log import Log
from rlab.loop import Loop
from rlab.protocol import Protocol
from rlab.report.video import animation
from rlab.rundir import TAPES
from rlab.seeding import Seeds
from rlab.statefile import write_state
from rlab.tapes import BROKEN_OFF, TapeStore, disagreement
from rlab.tensorboard import EventFile
from rlab.types import Environment, Moment, Tape, UserError
from rlab.validation import Validation

_UNFINISHED = "unfinished.sqlite"
TRAINING_FILES = (STATE, _UNFINISHED, "actor.json", "actor.npz")  # of a checkpoint: what playing does without


class Progress(NamedTuple):
    """How far a run is, after a turn of its loop."""

    step: int
    seconds: float  # of training, those of earlier sessions included
    scores: list[float]  # of the games that ended in this turn
    evaluated: list[float]  # the scores of an evaluation that was made after this turn
    note: str  # something that the user should know, or empty


class Training(Iterator[Progress]):
    """Trains `agent` in the folder `run`, one turn of the loop at a time, until its steps or its minutes are over.

    `make_env(n)` makes n environments, `emulate(tape)` plays a tape again in a fresh one. With `resume` the run goes on
    from its latest whole checkpoint. Raises UserError if there is none.
    """

    def __init__(
        self,
        run: Path,
        settings: Settings,
        agent: Agent,
        protocol: Protocol,
        make_env: Callable[[int], Environment],
        emulate: Callable[..., Iterator[Moment]],
        *,
        resume: bool = False,
    ) -> None:
        self.run = run
        self.settings = settings
        self.config = config = settings.run
        self.agent = agent
        self._protocol = protocol
        self._make_env = make_env
        self._emulate = emulate
        self._checkpoint = checkpoint.latest(run) if resume else None
        kept = training_state(self._checkpoint, "event_file_length") if self._checkpoint is not None else {}
        self._events = EventFile(run, length=kept.get("event_file_length"))
        self._tapes = TapeStore(run / TAPES, create=True)
        self._environment = make_env(config.num_envs)
        seeds = Seeds(config.seed)
        self._actor = agent.actor(config.num_envs, seeds.integer("actor"), explore=True)
        self._loop = Loop(
            self._environment,
            self._actor,
            lambda number: seeds.integer(f"episode {number}"),
            stream="train",
            agent=agent,
            life_loss_ends_value=config.life_loss_ends_value,
        )
        self._replayable: bool | None = None  # not known before a second game in the same environment has ended
        self._second_from = config.num_envs  # the number of the first game in an environment that had one before it
        self._one_replayed = False  # whether a first game, when it had ended, was played again as it was
        self._note = ""  # what the next progress has to tell
        self._log, self._validation = Log(), Validation()
        self._budget, self._clock = Budget(config.steps, config.minutes), Clock()

    @property
    def step(self) -> int:
        return self._loop.step

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self._clock.ended

    def begin(self, graph: bytes | None = None, group: str = "") -> list[str]:
        """Log the settings of a new run and its network's graph (a serialised GraphDef), or restore a resumed one.

        `group` is what its settings are logged under. Returns what no longer holds of a resumed run, in words.
        """
        if self._checkpoint is not None:
            return self._restore(self._checkpoint)
        settings = self.settings.flat()
        rows = [f"| {name} | {value} |" for name, value in settings.items()]
        self._events.text("config", "\n".join(["| setting | value |", "|---|---|", *rows]), 0)
        self._events.hyperparameters(settings, group)
        if graph is not None:
            self._events.graph(graph)
        self._loop.keep_observations(True)
        return []

    def _restore(self, folder: Path) -> list[str]:
        state = training_state(folder, "turn", "begun", "frames", "log", "event_file_length")
        unfinished = self._unfinished(folder)
        wanted = self.agent.load(folder)
        self._actor.load(folder)
        self._tapes.forget_training(state["begun"], also=[tape.number for tape in unfinished])
        self._tapes.truncate("validation", state["validation"]["count"] * self.config.evaluation_episodes)
        self._tapes.commit()  # now, as whoever scores the run meanwhile has to wait for it
        self._log = Log(**state["log"])
        self._replayable = state["replayable"]
        self._validation = Validation(**state["validation"])
        best = checkpoint.place_of(self.run, self._validation.best_step)
        if best.is_dir():  # a kill may have come before it was pointed to
            checkpoint.point_best(self.run, best)
        for tape in unfinished:
            if self._replayable is None:
                self._check_replay(tape, finished=False)
        repeats = self._replayable is not False
        if repeats:
            unfinished = [replace(tape, observations=None) for tape in unfinished]
        turn = state["turn"]
        if wanted:
            first, size, lives = turn - wanted, self.config.num_envs, self.config.life_loss_ends_value
            tapes = list(self._tapes.of_training(first, size))
            if repeats and lives:  # where lives were lost, observations do not tell: played again, a game does
                tapes = [replace(tape, observations=None) for tape in tapes]
            for past in history(tapes, unfinished, first, turn, size, self._make_env, life_loss_ends_value=lives):
                self.agent.observe(past)
        self._loop.keep_observations(not self._replayable)
        if not repeats:
            self._tapes.write(*(replace(tape, stream=BROKEN_OFF) for tape in unfinished if tape.length))
            self._tapes.commit()
        self._loop.restore(unfinished if repeats else [], turn, state["begun"], state["frames"])
        self._second_from = state["begun"]  # as the environments are new
        self._log.since, self._log.since_step = time.monotonic(), self.step
        self._clock = read_clock(folder)
        self._clock.ended = self._budget.ends(folder)  # which may have grown
        lost = ", and where lives were lost is forgotten" if wanted and self.config.life_loss_ends_value else ""
        return [] if repeats else [f"this environment does not repeat itself: new episodes begin{lost}"]

    def __next__(self) -> Progress:
        if self.ended:
            raise StopIteration
        before = self.step
        turn = next(self._loop)
        for tape in turn.tapes:
            # Of the first games of many environments one is enough: playing them all again would take minutes.
            if self._replayable is None and (tape.number >= self._second_from or not self._one_replayed):
                self._check_replay(tape)
            self._tapes.write(replace(tape, observations=None) if self._replayable else tape)
        self._log.add(turn.metrics, turn.tapes)

        def due(period: int) -> bool:
            return self.step // period > before // period

        evaluated: list[float] = []
        best = False
        done = self._clock.ended = self._budget.is_over(self.step, self._clock.seconds)
        if due(self.config.log_period_steps) or done:
            self._log.write(self._events, self.step, self._loop.frames)
            self._log = Log(since_step=self.step)
            self._tapes.commit()
        if due(self.config.evaluation_period_steps) or done:
            evaluated, best = self._evaluate()
        if best or due(self.config.checkpoint_period_steps) or done:
            folder = self.checkpoint()
            if best:
                checkpoint.point_best(self.run, folder)
            checkpoint.prune(folder, self.config.checkpoints_kept)
        note, self._note = self._note, ""
        return Progress(self.step, self._clock.seconds, [tape.score for tape in turn.tapes], evaluated, note)

    def checkpoint(self) -> Path:
        """Write a checkpoint of this very moment, if there is none yet."""
        place = checkpoint.place_of(self.run, self.step)
        if place.exists() and checkpoint.damage(place) is None:
            return place
        self._tapes.commit()
        return checkpoint.write(self.run, self.step, self._save)

    def close(self) -> None:
        """Let go of environments and files; what was not in a checkpoint is lost."""
        self._environment.close()
        self._tapes.close()
        self._events.close()

    def _save(self, folder: Path) -> None:
        unfinished = self._loop.unfinished()
        if self._replayable is None and unfinished:
            self._check_replay(unfinished[0], finished=False)
        self.agent.save(folder)
        self._actor.save(folder)
        store = TapeStore(folder / _UNFINISHED, create=True)
        store.write(*unfinished)
        store.commit()
        store.close()
        state = {
            "turn": self._loop.turn,
            "begun": self._loop.begun,
            "frames": self._loop.frames,
            "replayable": self._replayable,
            "validation": asdict(self._validation),
            "log": asdict(self._log),
            "event_file_length": self._events.flush(),
            CLOCK: self._clock.state(),
        }
        write_state(folder / STATE, state)

    def _unfinished(self, folder: Path) -> list[Tape]:
        store = TapeStore(folder / _UNFINISHED)
        tapes = sorted(store.all("train"), key=lambda tape: tape.step % self.config.num_envs)
        store.close()
        return tapes

    def _check_replay(self, tape: Tape, *, finished: bool = True) -> None:
        """Find out whether tapes of this environment can be played again.

        Any game can show that they cannot. That they can is shown by one that was played where another had been before
        it, as some environments are a function of seed and actions only while they are new.
        """
        space = self._environment.observation_space
        found = disagreement(tape, space, self._emulate(tape), finished=finished)
        self._one_replayed |= finished
        if found is not None:
            self._replayable = False
            self._note = f"games of this environment cannot be played again ({found}), so their tapes keep observations"
        elif finished and tape.number >= self._second_from:
            self._replayable = True
            self._loop.keep_observations(False)
            self._tapes.drop_observations("train")

    def _evaluate(self) -> tuple[list[float], bool]:
        tapes = evaluation.play(
            self.agent,
            self._make_env,
            self._protocol,
            self.config.evaluation_episodes,
            stream="validation",
            step=self.step,
            seed=self.config.seed,
        )
        improved = self._validation.add(tapes, self.step, self._tapes, self._events)
        if improved and self._replayable is not False:
            self._show(max(tapes, key=lambda tape: tape.score))
        return [tape.score for tape in tapes], improved

    def _show(self, tape: Tape) -> None:
        """Put a game into TensorBoard, if its environment can be rendered here."""
        with suppress(UserError):
            if (picture := animation(self._emulate(tape, screens=True))) is not None:
                self._events.image("eval/game", *picture, self.step)
