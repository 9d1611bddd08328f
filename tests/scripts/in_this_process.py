"""Trainings that a script starts, done in this process: TensorFlow is here already."""

import dataclasses
import pickle
import signal
from contextlib import contextmanager

import pytest

from rlab import devices
from rlab.jobs import work
from rlab.types import UserError
from tests.scripts.running import call


class InThisProcess:
    """What stands in for a process, and for a pool of them."""

    def __init__(self, *arguments):
        self.returncode = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def submit(self, *call):
        function, *arguments = pickle.loads(pickle.dumps(call))  # as it would come to another process
        function(*arguments)
        return self

    def result(self):
        return None

    def poll(self):
        return self.returncode

    def terminate(self):
        return None


@contextmanager
def in_this_process():
    """While it lasts, trainings are done here; the scripts that were called, in their order, as a list that grows."""
    called, configure = [], devices.configure

    def start(command, log):
        script, *arguments = [word.rpartition("/")[2] if word.endswith(".py") else word for word in command[2:]]
        called.append(script if "--resume" not in arguments else f"{script} --resume")
        log.parent.mkdir(parents=True, exist_ok=True)
        process = InThisProcess()
        try:
            said = call(script, *arguments)
        except UserError as error:
            said, process.returncode = [f"error: {error}"], 2
        except SystemExit as stop:  # Ctrl-C, which came to what was called and not to who called it
            said, process.returncode = [], stop.code
            signal.raise_signal(signal.SIGINT)
        with log.open("a") as file:
            file.write("\n".join(said) + "\n")
        return process

    with pytest.MonkeyPatch.context() as patch:
        # How many threads TensorFlow has is settled here; to the bits of networks as small as these it does not matter.
        patch.setattr(devices, "configure", lambda config: configure(dataclasses.replace(config, threads=0)))
        patch.setattr(work, "start", start)
        yield called
