"""Runs to watch, made by hand."""

from dataclasses import replace

import agents
import envs
from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.tapes import TapeStore
from tests.playing import play


def random_run(run, name, games=()):
    """A run of the random agent that was made by hand, with a game of each (stream, number, seed, step)."""
    run.mkdir()
    protocol = PROTOCOLS[default_protocol(name)]
    config = RunConfig(env=name, protocol=protocol.name)
    spaces = envs.spaces_of(name, protocol)
    settings = Settings("random", "uniform", config, agents.find("random").Config(), *spaces)
    settings.write(run / "config.json")
    checkpoint.write(run, 0, lambda folder: None)
    environment = envs.make(name, 1, protocol)
    store = TapeStore(run / "tapes.sqlite", create=True)
    for stream, number, seed, step in games:
        tape = play(environment, seed).tape
        store.write(replace(tape, stream=stream, number=number, step=step))
    store.commit()
    return run
