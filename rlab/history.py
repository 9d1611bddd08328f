"""The latest turns of a run once more, from its tapes: how a replay gets its frames back.

The tapes are played again in a fresh row of environments, several at a time and whatever the number of environments in
training, then put together turn by turn as they were.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import lz4.block
import numpy as np

from rlab.loop import Loop
from rlab.types import Array, Bools, Environment, Tape, Transitions, UserError

_NUM_ENVS = 8  # tapes played side by side


def history(
    finished: Sequence[Tape],
    unfinished: Sequence[Tape],
    from_turn: int,
    to_turn: int,
    num_envs: int,
    make_env: Callable[[int], Environment],
    *,
    life_loss_ends_value: bool,
) -> Iterator[Transitions]:
    """The transitions of the turns from `from_turn` up to `to_turn`, as they were, but for the actor's extras.

    `finished` are the episodes of those turns, `unfinished` those that go on at `to_turn`. One that holds its
    observations is not played again; if it is unfinished it ends there, as nothing can bring its environment back to
    where it was. Raises UserError if a tape does not play again as it was, to the same end.
    """
    tapes = [*finished, *unfinished]
    needed = [tape for tape in tapes if tape.length and tape.step // num_envs + tape.length > from_turn]
    needed.sort(key=lambda tape: tape.step)
    queues = [deque(tape for tape in needed if tape.step % num_envs == env) for env in range(num_envs)]
    played = _play(
        [tape for tape in needed if tape.observations is None],
        {tape.number for tape in unfinished},
        make_env,
        life_loss_ends_value=life_loss_ends_value,
    )
    ready: dict[int, deque[_Packed]] = {}
    start = min((tape.step // num_envs for tape in needed), default=to_turn)
    for turn in range(start, to_turn):
        row = []
        for queue in queues:
            if not queue or queue[0].step // num_envs > turn:
                continue  # what this environment played so early is not needed
            number = queue[0].number
            if queue[0].observations is not None and number not in ready:
                ready[number] = deque(_kept(queue[0]))
            while number not in ready:
                done, moments = next(played)
                ready[done] = moments
            row.append(ready[number].popleft())
            if not ready[number]:
                queue.popleft()
        if turn >= from_turn:
            if len(row) < num_envs:
                raise UserError(f"the tapes of turn {turn} are missing: the run cannot go on exactly")
            yield _join(row)


class _Packed:
    """One environment's part of a turn, or one turn of a tape, its observations compressed."""

    def __init__(self, transitions: Transitions, row: int) -> None:
        self.rest = [np.asarray(field[row]) for field in transitions[1:4]]
        self.ends = [np.asarray(field[row]) for field in transitions[5:7]]
        self.shape, self.dtype = transitions.observation[row].shape, transitions.observation.dtype
        self.observation = lz4.block.compress(transitions.observation[row].tobytes())
        self.next_observation = lz4.block.compress(transitions.next_observation[row].tobytes())

    def unpack(self, packed: bytes) -> Array:
        return np.frombuffer(lz4.block.decompress(packed), self.dtype).reshape(self.shape)


def _kept(tape: Tape) -> Iterator[_Packed]:
    """The moments of a tape that holds its observations [T + 1, *O]."""
    assert tape.observations is not None
    discount = np.ones(tape.length, np.float32)
    discount[-1] = 0 if tape.terminated else 1
    steps = np.arange(tape.length)
    first, last = steps == 0, steps == tape.length - 1
    seen, following = tape.observations[:-1], tape.observations[1:]
    whole = Transitions(seen, tape.actions, tape.rewards, discount, following, first, last, {})
    return (_Packed(whole, step) for step in range(tape.length))


def _join(row: Sequence[_Packed]) -> Transitions:
    observation = np.stack([part.unpack(part.observation) for part in row])
    next_observation = np.stack([part.unpack(part.next_observation) for part in row])
    action, reward, discount = (np.stack(column) for column in zip(*[part.rest for part in row], strict=True))
    first, last = (np.stack(column) for column in zip(*[part.ends for part in row], strict=True))
    return Transitions(observation, action, reward, discount, next_observation, first, last, {})


class _Playback:
    """An actor that plays tapes: in each row the one whose place in the list is the number of the row's episode."""

    def __init__(self, tapes: Sequence[Tape], num_envs: int) -> None:
        self._tapes = tapes
        self.numbers: Callable[[], list[int]]  # of the loop's episodes, by row
        self.played = np.zeros(num_envs, np.int64)  # steps of them

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        self.played[first] = 0
        tapes = [self._tapes[number % len(self._tapes)] for number in self.numbers()]
        actions = [tape.actions[step % tape.length] for tape, step in zip(tapes, self.played, strict=True)]
        self.played += 1
        return np.stack(actions), {}

    def save(self, directory: Path) -> None:
        """It remembers nothing that could be saved."""

    def load(self, directory: Path) -> None:
        """It remembers nothing that could be loaded."""


def _play(
    tapes: Sequence[Tape],
    unfinished: Collection[int],
    make_env: Callable[[int], Environment],
    *,
    life_loss_ends_value: bool,
) -> Iterator[tuple[int, deque[_Packed]]]:
    """The number and the moments of each tape, as soon as it was played to its end; of the `unfinished` so far."""
    with closing(make_env(min(len(tapes), _NUM_ENVS))) as environment:
        actor = _Playback(tapes, environment.num_envs)
        loop = Loop(
            environment,
            actor,
            lambda number: tapes[number % len(tapes)].seed,
            stream="train",
            life_loss_ends_value=life_loss_ends_value,
        )
        actor.numbers = lambda: loop.numbers
        moments: list[deque[_Packed]] = [deque() for _ in tapes]
        missing = len(tapes)
        numbers = list(range(environment.num_envs))
        while missing:
            turn = next(loop)
            finished = np.zeros(environment.num_envs, np.bool_)
            for row, number in enumerate(numbers):
                if number >= len(tapes):
                    continue  # a row with nothing left to play
                tape = tapes[number]
                moments[number].append(_Packed(turn.transitions, row))
                over = bool(turn.transitions.last[row])
                if actor.played[row] == tape.length or over:
                    again = next(
                        other for other in (turn.tapes if over else loop.unfinished()) if other.number == number
                    )
                    as_it_ended = over != (tape.number in unfinished) and again.terminated == tape.terminated
                    if (
                        not as_it_ended
                        or again.digest != tape.digest
                        or not np.array_equal(again.rewards, tape.rewards)
                    ):
                        raise UserError(
                            f"{tape.stream} game {tape.number} is another when played again: the run cannot go on "
                            "exactly"
                        )
                    finished[row] = not over  # an unfinished episode has to be broken off again
                    missing -= 1
                    yield tape.number, moments[number]
                    moments[number] = deque()
            if finished.any():
                loop.restart(finished)
            numbers = loop.numbers
