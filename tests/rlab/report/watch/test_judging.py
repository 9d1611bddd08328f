"""Agents asked about the moments of a game, some of them at a time."""

import numpy as np
import pytest

from rlab.agent import Inspectable
from rlab.report.watch.judging import Judge, of_actions
from rlab.types import UserError


class Thinker(Inspectable):
    """Thinks of each action what the observation says, and a hundred times its number more."""

    def __init__(self, name="action_values"):
        self.name = name
        self.asked = []

    def inspect(self, observations):
        self.asked.append(len(observations))
        return {"value": observations[:, 0], self.name: np.add(observations, [0, 100])}


def judged(agent, observations):
    judge = Judge(agent)
    for observation in observations:
        judge.add(np.atleast_1d(observation))
    return judge.finish()


@pytest.mark.parametrize("name", ["action_values", "probabilities"])
@pytest.mark.parametrize("count", [1, 64, 130])
def test_agents_are_asked_in_batches_of_one_size(name, count):
    agent = Thinker(name)
    found = judged(agent, np.arange(count, dtype=float))
    what, numbers = of_actions(found)
    assert what == name.replace("_", " ")
    assert numbers.tolist() == [[number, number + 100] for number in range(count)]
    assert found["value"].tolist() == list(range(count))
    assert agent.asked == [64] * -(-count // 64)


def test_an_agent_may_have_no_opinion_of_actions():
    assert of_actions(judged(Thinker("advantages"), [1.0])) == ("", None)
    assert judged(object(), [1.0]) == {}


def test_values_of_a_diverged_agent_are_refused():
    with pytest.raises(UserError, match="diverged"):
        judged(Thinker(), [np.nan])


@pytest.mark.parametrize("numbers", [[-np.inf, 1.0], [2.0, -np.inf]])
def test_illegal_actions_stand_beside_the_others(numbers):
    class Masked(Thinker):
        def inspect(self, observations):
            return {"action_values": np.full((len(observations), 2), numbers)}

    assert judged(Masked(), [1.0])["action_values"].tolist() == [numbers]
