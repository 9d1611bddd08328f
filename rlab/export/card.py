"""What an exported policy takes and gives, and what it scores: as JSON, and as a README for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from gymnasium import spaces

from rlab.config import Settings
from rlab.evaluation import Evaluation
from rlab.export.network import Output
from rlab.protocol import Protocol
from rlab.report.scores import mean_interval
from rlab.spaces import to_json

_OF_THE_BOOK = {"book": "envs/book_pacman.py", "book_pong": "envs/book_pong.py"}


def describe(
    settings: Settings,
    protocol: Protocol,
    step: int,
    evaluation: Evaluation | None,
    output: Output,
    action_names: Sequence[str],
    *,
    kind: str,
    file: str,
    layers: Sequence[str],
    checked: Mapping[str, Any],
    number_format: str,
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that there is to know of an exported policy.

    `layers` are those of the lab that reading it needs, `number_format` what it computes in.
    """
    seen, acted = settings.observation_space, settings.action_space
    score = None
    if evaluation is not None and evaluation.step == step and evaluation.protocol == protocol.identity:
        mean, low, high = mean_interval(evaluation.scores)
        score = {"mean": mean, "low": low, "high": high, "confidence": 0.95, "games": len(evaluation.scores)}
    return {
        "format": kind,
        "file": file,
        "lab_layers": list(layers),
        "number_format": {"file": number_format, "agent": settings.run.precision},
        "environment": settings.run.env,
        "agent": settings.agent,
        "preset": settings.preset,
        "step": step,
        "settings": settings.hash,
        "protocol": protocol.identity,
        "input": {
            "shape": [None, *(seen.shape or ())],
            "dtype": str(seen.dtype),
            "preprocessing": _preprocessing(protocol, seen),
            "space": to_json(seen),
        },
        "output": {"name": output.name, "shape": [None, output.size], "dtype": "float32", "meaning": output.meaning},
        "actions": {"names": list(action_names), "space": to_json(acted)},
        "acting": {
            "choice": "drawn" if settings.departures().get("drawn_actions") else "best",
            "random_actions": protocol.epsilon,
        },
        "score": score,
        "checked": dict(checked),
        "versions": dict(versions),
    }


def _preprocessing(protocol: Protocol, space: spaces.Space[Any]) -> str:
    """How what goes in is made of what the game shows."""
    if protocol.emulator is None:
        return "none, observations as the environment gives them" + (
            "; counted from 0" if isinstance(space, spaces.Discrete) else ""
        )
    if protocol.emulator.picture == "nature":
        return (
            f"every action lasts {protocol.emulator.frame_skip[0]} frames; a picture is the pixel-wise maximum of the "
            "last two grey screens of the emulator, shrunk to 84x84 (OpenCV's INTER_AREA); the input is the latest "
            "four pictures, oldest first, zeros before the first; 0 to 255, the network scales them itself"
        )
    return f"{protocol.preprocessing}: see {_OF_THE_BOOK[protocol.emulator.picture]}"


def agreement(checked: Mapping[str, Any]) -> str:
    """How many actions of a policy that was `checked` are its agent's, in words."""
    ties = f", {checked['ties']} as good within the rounding of bfloat16" if checked["ties"] else ""
    return f"{checked['agree']} of {checked['observations']} actions agree{ties}"


def readme(told: Mapping[str, Any], lines: str) -> str:
    """The README of an exported policy; `lines` of Python run it."""
    names, acted, checked = told["actions"]["names"], told["actions"]["space"], told["checked"]
    needs = ""
    if told["lab_layers"]:
        needs = (
            f"\nIt has layers that Keras does not know ({', '.join(told['lab_layers'])}): `import rlab.nets.saving` "
            "first.\n"
        )
    computes, scored = told["number_format"]["file"], told["number_format"]["agent"]
    numbers = computes if computes == scored else f"{computes}; the agent computed in {scored} when it was scored"
    rows = "\n".join(f"| {number} | {name} |" for number, name in enumerate(names))
    what = "action" if acted["kind"] == "Discrete" else "number of an action"
    return f"""# {told["agent"]} on {told["environment"]}, as {told["format"]}

The policy of the agent `{told["agent"]}` (preset `{told["preset"]}`, settings `{told["settings"]}`)
after {told["step"]:,} steps of training. {_score(told)}

```python
{lines}
{_choice(told)}
```
{needs}
| | |
|---|---|
| file | `{told["file"]}` |
| in | `observations` {_shape(told["input"])} |
| preprocessing | {told["input"]["preprocessing"]} |
| out | `outputs` {_shape(told["output"])}: {told["output"]["meaning"]} |
| number format | {numbers} |
| protocol | `{told["protocol"]}` |
| checked | beside the agent on observations of its {checked["stream"]} games: {agreement(checked)} |
| largest difference | {checked["difference"]:.2g}, of an output to the agent's |
| made with | {", ".join(f"{name} {version}" for name, version in told["versions"].items())} |

{_acting(told)}

| {what} | |
|---|---|
{rows}

`policy.json` tells the same to programs.
"""


def _shape(told: Mapping[str, Any]) -> str:
    sizes = ", ".join("B" if size is None else str(size) for size in told["shape"])
    return f"[{sizes}] {told['dtype']}"


def _score(told: Mapping[str, Any]) -> str:
    score = told["score"]
    if score is None:
        return f"It was not evaluated: no score under the protocol `{told['protocol']}` is known."
    mean, low, high = (f"{score[name]:,.1f}" for name in ("mean", "low", "high"))
    return (
        f"It scores **{mean}** [{low}, {high}] in {score['games']} full games under the protocol\n"
        f"`{told['protocol']}` (mean and 95% interval over games)."
    )


def _choice(told: Mapping[str, Any]) -> str:
    """The line of Python that chooses actions."""
    acted = told["actions"]["space"]
    if acted["kind"] == "Discrete":
        return "actions = np.argmax(outputs, axis=1)"
    size, shape = told["output"]["shape"][1] // 2, tuple(acted["shape"])
    bounds = (f"np.array({acted[name]}, np.float32)".replace("None", end) for name, end in _ENDS)
    return f"actions = np.clip(outputs[:, :{size}].reshape(-1, *{shape}), {', '.join(bounds)})"


_ENDS = (("low", "-np.inf"), ("high", "np.inf"))


def _acting(told: Mapping[str, Any]) -> str:
    """How its actions were chosen in the games that were scored."""
    text = "In the games that score, the best action is played"
    if told["acting"]["choice"] == "drawn":
        text = "In the games that score, actions are drawn from the distribution that the outputs tell"
    share = told["acting"]["random_actions"]
    return f"{text}{f', with probability {share:g} a uniformly random one instead' if share else ''}."
