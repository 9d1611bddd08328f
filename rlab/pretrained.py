"""What was learnt before and is taken over, an encoder or a policy with its encoder, and the passport that tells of it.

Beside `NAME.keras` lies `NAME.json`, its passport: what it was trained on, with which objective, and what it sees. An
agent that sees something else does not take it. A run keeps a copy of both, so that it stays whole where the original
is gone. Importing this loads no TensorFlow.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gymnasium import spaces

from rlab.config import check_range
from rlab.folders import write_whole
from rlab.protocol import Protocol
from rlab.spaces import to_json
from rlab.types import UserError

KINDS = ("encoder", "policy")


@dataclass(frozen=True)
class PretrainedConfig:
    """What an agent with networks takes over, and how it goes on with it."""

    encoder: str = ""
    """A pretrained encoder in place of a new one, whatever --encoder-kind and --encoder-sizes say: a `.keras` file with
    its passport beside it."""
    policy: str = ""
    """A cloned policy to begin with: its encoder, whatever --encoder-kind and --encoder-sizes say, its dense layers and
    its head; a `.keras` file with its passport."""
    freeze: str = "none"
    """What of a pretrained encoder stands still: all, none, or how many of its layers, counted from what it sees."""
    encoder_learning_rate: float = 0.0
    """Step size for what does not stand still of a pretrained encoder; 0: that of everything else. Lower: keeps more of
    what was learnt before."""

    def __post_init__(self) -> None:
        check_range("encoder_learning_rate", self.encoder_learning_rate, 0, 1)
        if self.freeze not in ("all", "none") and not (self.freeze.isdecimal() and int(self.freeze) > 0):
            raise UserError(
                f"--freeze is out of range: received {self.freeze!r}, allowed are all, none and a number of layers"
            )
        if self.encoder and self.policy:
            raise UserError("a policy brings its own encoder: received --encoder and --policy, allowed is one of them")

    @property
    def taken_over(self) -> dict[str, Path]:
        """The file that is taken over, by its kind; empty where everything is learnt from scratch."""
        return {kind: Path(getattr(self, kind)) for kind in KINDS if getattr(self, kind)}


@dataclass(frozen=True)
class Passport:
    """What a pretrained file is."""

    kind: str  # "encoder": observations to features; "policy": observations to the parameters of a distribution
    method: str  # the objective, by the name of its module
    settings: Mapping[str, Any]  # of the objective
    observation_space: Mapping[str, Any]  # as JSON
    action_space: Mapping[str, Any]
    environment: str
    protocol: str  # name and hash
    preprocessing: str  # what is made of screens: see `Protocol.preprocessing`
    features: int  # numbers that it gives for each observation
    trained_on: Mapping[str, Any]  # the card of the recorded games
    results: Mapping[str, Any]  # on games that it was not trained on
    origin: Mapping[str, Any]  # command, versions, date
    digest: str  # SHA-256 of the Keras file
    probes: Mapping[str, Any] = field(default_factory=dict)  # what can be read from its features

    def write(self, path: Path) -> None:
        """Write it beside the Keras file `path`; what was there stays until it is whole."""
        write_whole(path.with_suffix(".json"), json.dumps(asdict(self), indent=2) + "\n")


def read_passport(path: Path) -> Passport:
    """The passport of the Keras file `path`.

    Raises UserError if either is not there, if the passport is something else, or that of another file.
    """
    place = path.with_suffix(".json")
    if path.suffix != ".keras" or not path.is_file():
        raise UserError(f"no such pretrained file: received {path}, allowed is a .keras file that pretrain.py made")
    try:
        passport = Passport(**json.loads(place.read_text()))
    except FileNotFoundError as error:
        raise UserError(f"{path} has no passport: {place} is not there, so nobody knows what it sees") from error
    except (ValueError, TypeError) as error:
        raise UserError(f"{place} is not a passport: {error}") from error
    if passport.kind not in KINDS:
        raise UserError(f"{place} is not a passport: received the kind {passport.kind!r}, allowed are {KINDS}")
    if passport.digest != digest(path):
        raise UserError(f"{place} is the passport of another file than {path}: their digests differ")
    return passport


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check(config: Any, protocol: Protocol, seen: spaces.Space[Any], acted: spaces.Space[Any]) -> None:
    """Raise UserError unless what a run takes over, if anything, was made for what its agent sees and does."""
    if not isinstance(config, PretrainedConfig):
        return
    if not config.taken_over and (config.freeze != "none" or config.encoder_learning_rate):
        raise UserError(
            "nothing is taken over that could be frozen or slowed down: received --freeze or --encoder-learning-rate, "
            "allowed with --encoder or --policy"
        )
    for kind, path in config.taken_over.items():
        passport = read_passport(path)
        pairs = [("kind", passport.kind, kind), ("observations", passport.observation_space, to_json(seen))]
        pairs.append(("pictures", passport.preprocessing, protocol.preprocessing))
        if kind == "policy":
            pairs.append(("actions", passport.action_space, to_json(acted)))
        for what, theirs, ours in pairs:
            if theirs != ours:
                raise UserError(f"{path} does not fit this run in its {what}: it has {theirs}, the run has {ours}")


def keep(config: Any, run: Path) -> None:
    """Copy what a new run takes over into its folder."""
    if isinstance(config, PretrainedConfig):
        for kind, path in config.taken_over.items():
            for source in (path, path.with_suffix(".json")):
                shutil.copyfile(source, run / f"{kind}{source.suffix}")


def kept(run: Path) -> list[Path]:
    """The files that `keep` copied."""
    return [path for kind in KINDS for path in (run / f"{kind}.keras", run / f"{kind}.json") if path.exists()]


def load(config: Any, run: Path | None) -> dict[str, Any]:
    """What a run takes over, as a keras.Model by its kind: from its folder, or, before it has one, from where it lies.

    Raises UserError if a file is not there, is not what its passport says, or is refused.
    """
    if not isinstance(config, PretrainedConfig):
        return {}
    from rlab.nets.saving import load_model

    models = {}
    for kind, path in config.taken_over.items():
        place = path if run is None else run / f"{kind}.keras"
        read_passport(place)
        models[kind] = load_model(place)
    return models
