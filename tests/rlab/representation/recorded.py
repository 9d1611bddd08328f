"""Recorded games for tests: really played, with what was seen while they were."""

from dataclasses import replace

import envs
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.recording import RECORDING, Part, Recording
from rlab.spaces import to_json
from rlab.tapes import TapeStore
from tests.playing import play

POLICY = "random"


def record(folder, environment_name, games, *, protocol=None, first=0):
    """Record random games with the seeds from `first` on; each as it was played live."""
    folder.mkdir(exist_ok=True)
    environment = envs.make(environment_name, 1, PROTOCOLS[protocol or default_protocol(environment_name)])
    played = []
    store = TapeStore(folder / "tapes.sqlite", create=True)
    for number in range(first, first + games):
        game = play(environment, seed=number)
        played.append(game._replace(tape=replace(game.tape, number=number)))
        store.write(played[-1].tape)
    store.commit()
    store.close()
    spaces = to_json(environment.observation_space), to_json(environment.action_space)
    numbers = list(range(first + games))
    parts = [Part(POLICY, "random", "random", 0, 0.0, False, numbers)]
    Recording(environment_name, environment.protocol, *spaces, 0, parts, ["python"], {}).write(folder)
    environment.close()
    return played


def put(folder, tape):
    """Write a tape in place of the one with its number."""
    store = TapeStore(folder / "tapes.sqlite", create=True)
    store.write(tape)
    store.commit()
    store.close()


def tell(folder, **changes):
    """Change what the record says."""
    assert (folder / RECORDING).is_file()
    replace(Recording.read(folder), **changes).write(folder)
