"""What an expert would have done in games that others played, to be cloned in place of what they did.

Source: Ross et al. (2011), A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning
(DAgger): record games of the clone, have the expert say what should have been done, clone all games so far, and again.
"""

import copy

import numpy as np

from rlab.agent import Agent
from rlab.config import Settings
from rlab.protocol import find_protocol, recorded_protocol
from rlab.representation.games import Games
from rlab.sampler import best_actor
from rlab.types import UserError

_BATCH = 256


def advised(games: Games, expert: Agent) -> Games:
    """The same games with the actions that `expert` prefers at each of their moments."""
    actor = best_actor(expert, _BATCH)
    not_first = np.zeros(_BATCH, np.bool_)
    actions = []
    for start in range(0, len(games), _BATCH):
        moments = np.minimum(np.arange(start, start + _BATCH), len(games) - 1)
        actions.append(actor.act(games.observations(moments), not_first)[0])
    found = copy.copy(games)
    found.action = np.concatenate(actions)[: len(games)].astype(games.action.dtype)
    return found


def check_expert(games: Games, settings: Settings) -> None:
    """Raise UserError unless the expert, a run with these settings, sees and does what the games show."""
    protocol = find_protocol(settings.run.protocol, settings.run.env)
    pairs = [
        ("environment", settings.run.env, games.environment),
        ("pictures", protocol.preprocessing, recorded_protocol(games.protocol).preprocessing),
        ("observations", settings.observation_space, games.observation_space),
        ("actions", settings.action_space, games.action_space),
    ]
    for what, its, theirs in pairs:
        if its != theirs:
            raise UserError(f"the expert plays otherwise, by its {what}: it has {its}, the games have {theirs}")
