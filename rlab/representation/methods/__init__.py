"""Ways of learning an encoder from recorded games, one file each; its name is the method's name on the command line.

What such a file holds:

1. `Config`, a frozen dataclass of its settings. Every field has a default and a string below it, which is its help. The
   file imports no TensorFlow at its top: a command line is checked before that is loaded.
2. `make`, which puts the encoder into a Keras model and says from which columns of the games what is to be learnt.

`autoencoder` is the shortest one.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from rlab.config import check_range
from rlab.seeding import Seeds
from rlab.types import UserError

if TYPE_CHECKING:
    import keras

    from rlab.representation.games import Games


@dataclass(frozen=True)
class FitConfig:
    """How long and how fast an encoder learns."""

    epochs: int = 10
    """The most passes through the games that are trained on."""
    patience: int = 3
    """Passes without a smaller loss on the validation games after which it ends; the best pass counts."""
    batch_size: int = 128
    """Moments in an update."""
    learning_rate: float = 1e-3
    """Step size of Adam. Higher: faster, less stable."""

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size"):
            check_range(name, getattr(self, name), 1)
        check_range("learning_rate", self.learning_rate, 1e-12, 1)


class Task(NamedTuple):
    """What is fitted: afterwards the encoder that is a part of the model has learnt."""

    model: "keras.Model"  # from the first column to what the loss compares with the second
    columns: tuple[str, str]  # of `rlab.representation.batches`
    loss: Callable[..., Any]
    metrics: Sequence[Any] = ()
    code: Any = None  # [B, ...] what observations are drawn from, if that is what the model does
    policy: "keras.Model | None" = None  # if this is what was learnt beside the encoder


class Method(Protocol):
    """What the file of a method exports."""

    Config: type[Any]

    def make(self, config: Any, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
        """How `encoder`, from observations [B, *O] to features [B, D], is to learn from `games`."""
        ...


def names() -> list[str]:
    """The methods there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> Method:
    """The module of a method. Raises UserError, with a close match, if there is none."""
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UserError(f"unknown method: received {name!r}; {hint}allowed are {', '.join(names())}")
    return cast(Method, importlib.import_module(f"{__name__}.{name}"))
