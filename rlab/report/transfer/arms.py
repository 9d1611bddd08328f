"""The arms of a comparison, of the files that are to be taken over and of other settings."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rlab.command_line import named_options
from rlab.pretrained import Passport, read_passport
from rlab.report.transfer.plan import OTHER_FOLDERS, SCRATCH, Arm
from rlab.types import UserError


def make_arms(
    encoders: Sequence[Path], policies: Sequence[Path], learning_rate: float, untrained: bool = False
) -> tuple[Arm, ...]:
    """Scratch, each encoder frozen and thawed (with a step size of its own unless 0), and each policy.

    With `untrained` also each shape of encoder there is, frozen and thawed, with nothing learnt.
    They are named after their methods, and numbered where several have one. Raises UserError if a file is not there, is
    nothing that was pretrained, or comes twice, or if `untrained` finds no encoder.
    """
    files = [("encoder", path) for path in encoders] + [("policy", path) for path in policies]
    passports = [read_passport(path) for _, path in files]
    names = [
        re.sub(r"\W+", "-", passport.method) + " policy" * (kind == "policy")
        for passport, (kind, _) in zip(passports, files, strict=True)
    ]
    slowly = ("--encoder-learning-rate", str(learning_rate)) if learning_rate else ()
    arms, numbers, seen = [Arm(SCRATCH)], Counter[str](), dict[str, Path]()
    for (kind, path), passport, name in zip(files, passports, names, strict=True):
        if passport.digest in seen:
            raise UserError(f"the same file twice: received {seen[passport.digest]} and {path}, allowed is one of them")
        seen[passport.digest] = path
        numbers[name] += 1
        numbered = f"{name} {numbers[name]}" if names.count(name) > 1 else name
        taken_over = (kind, str(path), passport.digest)
        if kind == "policy":
            arms.append(Arm(numbered, *taken_over))
        else:
            arms += _frozen_and_thawed(numbered, taken_over, slowly)
    if untrained:
        arms += _untrained(list(zip(encoders, passports, strict=False)), slowly)
    return tuple(arms)


def make_variants(variants: Sequence[str]) -> tuple[Arm, ...]:
    """The arms of other settings, each given as a name, a colon and options of train.py.

    Raises UserError if one is not of this form, or if a name comes twice.
    """
    named = named_options("variant", variants, taken=SCRATCH, example="dueling: --dueling")
    return tuple(Arm(name, options=options) for name, options in named.items())


def check_names(arms: Sequence[Arm]) -> None:
    """Raise UserError unless each arm has a folder of its own, beside what else a comparison keeps in its folder."""
    taken = dict.fromkeys((*OTHER_FOLDERS, ".", ".."), "the comparison itself")
    for arm in arms:
        if arm.folder in taken:
            raise UserError(f"{arm.name!r} would lie where {taken[arm.folder]} does: allowed is another name")
        taken[arm.folder] = repr(arm.name)


def _untrained(encoders: Sequence[tuple[Path, Passport]], slowly: tuple[str, ...]) -> Iterator[Arm]:
    """The arms of each shape that encoders have, which is that of the first of them that has it."""
    shapes: dict[str, tuple[str, str, str]] = {}
    for path, passport in encoders:
        shapes.setdefault(_built(passport.settings) or passport.digest, ("encoder", str(path), passport.digest))
    if not shapes:
        raise UserError("untrained needs encoders whose shape it takes: received --untrained, allowed with --encoders")
    for number, taken_over in enumerate(shapes.values(), 1):
        name = f"untrained {number}" if len(shapes) > 1 else "untrained"
        yield from _frozen_and_thawed(name, taken_over, slowly, untrained=True)


def _frozen_and_thawed(
    name: str, taken_over: tuple[str, str, str], slowly: tuple[str, ...], *, untrained: bool = False
) -> Iterator[Arm]:
    yield Arm(f"{name} frozen", *taken_over, ("--freeze", "all"), untrained)
    yield Arm(f"{name} thawed", *taken_over, ("--freeze", "none", *slowly), untrained)


def other_shapes(config: Mapping[str, Any], passports: Mapping[str, Passport]) -> list[str]:
    """Which arms have an encoder that is built otherwise than that of scratch, in words: a difference may be due to it.

    `config` is what scratch has, `passports` are those of what other arms take over, by arm. One that does not tell how
    it is built is passed over.
    """
    arms: dict[str, list[str]] = {}
    for arm, passport in passports.items():
        built = _built(passport.settings)
        if built and built != _built(config):
            arms.setdefault(built, []).append(arm)
    return [
        f"{', '.join(names)}: the encoder is built as {built}, that of {SCRATCH} as {_built(config)}: a difference may "
        "be due to that; give scratch the same with -- --encoder-kind and --encoder-sizes"
        for built, names in arms.items()
    ]


def _built(settings: Mapping[str, Any]) -> str:
    kind = settings.get("encoder_kind")
    if kind != "mlp":
        return str(kind or "")
    return " ".join(["mlp", *(str(size) for size in settings.get("encoder_sizes", []))])
