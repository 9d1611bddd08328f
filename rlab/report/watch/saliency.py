"""Where in a picture an agent looks: where blurring it changes what the agent thinks of the moment.

Source: Greydanus et al. (2018), Visualizing and Understanding Atari Agents, equations 1 and 2.
Departs: 1. Of probabilities the logarithms are compared, in place of what a softmax is given. 2. The blurred places are
four pixels apart.
A heuristic: it tells what the judgement is sensitive to, not why the agent does what it does (Atrey et al., 2020).
"""

import cv2
import numpy as np

from rlab.agent import Agent
from rlab.report.watch.judging import Judge, of_actions
from rlab.types import Array, UserError

_APART = 4  # pixels
_SPREAD = 5.0  # pixels, the deviation of the mask around a place
_BLUR = 3.0  # pixels, the deviation of the blur
_LEAST_PROBABILITY = 1e-8


def saliency(agent: Agent, observation: Array) -> Array:
    """Half the squared change of what an agent thinks [H / 4, W / 4] when an observation [H, W, C] is blurred there.

    Raises UserError if the agent tells neither values nor probabilities.
    """
    height, width = observation.shape[:2]
    seen = observation.astype(np.float32)
    blurred = cv2.GaussianBlur(seen, (0, 0), _BLUR).reshape(seen.shape)
    rows, columns = (np.arange(_APART / 2 - 0.5, size, _APART) for size in (height, width))
    down, across = (
        np.exp(-((np.arange(size) - places[:, None]) ** 2) / (2 * _SPREAD**2))
        for size, places in ((height, rows), (width, columns))
    )
    judge = Judge(agent)
    judge.add(observation)
    for row in down:
        for column in across:
            mask = np.outer(row, column)[..., None]
            changed = seen * (1 - mask) + blurred * mask
            judge.add(np.rint(changed).astype(observation.dtype))
    found = judge.finish()
    what, thought = of_actions(found)
    if what == "probabilities" and thought is not None:
        thought = np.log(np.maximum(thought, _LEAST_PROBABILITY))
    elif thought is None:
        if "value" not in found:
            raise UserError("there is no saliency: the agent tells neither values nor probabilities")
        thought = found["value"][:, None]
    legal = np.isfinite(thought[0])
    change = thought[1:, legal].astype(np.float64) - thought[0, legal]
    return np.asarray((change**2).sum(axis=1) / 2).reshape(len(rows), len(columns))
