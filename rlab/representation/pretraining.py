"""Fits an encoder by a method on recorded games, with Keras's own `fit`, and keeps it with its passport."""

import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rlab.interrupts import noted
from rlab.representation import reconstruction
from rlab.representation.batches import batches
from rlab.representation.games import Games
from rlab.representation.methods import FitConfig, Task
from rlab.spaces import is_image
from rlab.tensorboard import EventFile
from rlab.types import UserError

_SHOWN = 8  # moments of games that are not trained on, as pictures


def fit(task: Task, games: Games, config: FitConfig, events: EventFile, *, seed: int) -> dict[str, Any]:
    """Let the task's model learn until the validation games say that it is enough; what it comes to on the test games.

    An interrupt stops it after the batch that is under way; the best pass counts, also one that was cut short. A second
    interrupt of the same kind raises KeyboardInterrupt. Raises UserError if the loss is no number in the end.

    `events` gets the losses of each pass under `representation/`, and pictures of test games where there are any.
    """
    model, columns = task.model, task.columns
    model.compile(keras.optimizers.Adam(config.learning_rate), task.loss, metrics=list(task.metrics))
    training = batches(games, "train", columns, config.batch_size, seed=seed)
    validation, test = (batches(games, part, columns, config.batch_size) for part in ("validation", "test"))
    log = _Log(games, events, draws=_draws_images(task, games))
    enough = keras.callbacks.EarlyStopping("val_loss", patience=config.patience, restore_best_weights=True)
    start = time.monotonic()
    say = "stopping, the best pass is kept; once more to end at once"
    with noted(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, say=say, once=True) as interrupts:
        callbacks = [log, enough, _Stop(interrupts)]
        model.fit(
            training, validation_data=validation, epochs=config.epochs, callbacks=callbacks, shuffle=False, verbose=2
        )
    seconds = time.monotonic() - start
    found = model.evaluate(test, verbose=0, return_dict=True)
    if not np.isfinite(found["loss"]):
        raise UserError(
            f"nothing was learnt: the loss is {found['loss']} with --learning-rate {config.learning_rate}, "
            "allowed is what it stays finite with"
        )
    told = {"passes": log.passes, "seconds": round(seconds, 1)} | ({"interrupted": True} if interrupts else {})
    return told | {name: float(value) for name, value in found.items()}


def _draws_images(task: Task, games: Games) -> bool:
    return task.code is not None and is_image(games.observation_space)


class _Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the learning once an interrupt has come."""

    def __init__(self, interrupts: Sequence[int]) -> None:
        super().__init__()
        self._interrupts = interrupts

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self.model.stop_training |= bool(self._interrupts)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.model.stop_training |= bool(self._interrupts)  # it came while validation games were looked at


class _Log(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes each pass for TensorBoard."""

    def __init__(self, games: Games, events: EventFile, *, draws: bool) -> None:
        super().__init__()
        self.passes = 0
        self._events = events
        test = games.steps("test")
        self._seen = games.observations(test[np.linspace(0, len(test) - 1, _SHOWN).astype(np.int64)]) if draws else None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.passes = epoch + 1
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            self._events.scalar(f"representation/{name.removeprefix('val_')}_{part}", float(value), self.passes)
        if self._seen is not None:
            drawn = np.asarray(self.model(self._seen, training=False))
            self._events.image("representation/drawn", *reconstruction.sheet(self._seen, drawn), self.passes)


def compare_drawn(task: Task, games: Games) -> dict[str, list[float]]:
    """What `reconstruction.compare` finds at the test games, if the task is to draw images; else nothing."""
    if not _draws_images(task, games):
        return {}
    code_size = int(np.prod(task.code.shape[1:]))
    drawing = tf.function(lambda seen: task.model(seen, training=False), reduce_retracing=True)
    return reconstruction.compare(
        games, games.steps("test"), games.boxes, lambda seen: np.asarray(drawing(seen)), code_size
    )
