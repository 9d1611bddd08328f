"""How often DQN draws transitions by their errors, and how much they count, in numbers that can be checked by hand."""

import math

import numpy as np
import pytest

from tests.agents.dqn.small import dqn, inputs_of, let_value, step


def prioritised(**changes):
    """An agent that has seen two transitions, of a reward of 3 and of none, and values everything at 0 for ever.

    The third was not sampled yet: it has no successor.
    """
    settings = {"priority_exponent": 0.5, "importance_exponent": 1.0, "batch_size": 64, "warmup_steps": 3}
    agent = dqn(**settings | {"learning_rate": 1e-12} | changes)
    for network in (agent.network, agent._target):
        let_value(network, *np.zeros(3 * changes.get("return_numbers", 1)))
    for reward in (3, 0, 0):
        agent.observe(step(reward=reward))
    return agent


def test_transitions_are_drawn_by_their_errors_and_count_for_less_the_oftener():
    """Of two transitions one has an error of 3 and one none; the priorities are their roots, with 0.01 before."""
    agent = prioritised()
    agent.learn()  # begins an update of a batch to which both belong
    assert set(agent._places) == {0, 1}
    agent._finish(agent._gradient.result())
    drawn = agent._draw(agent._replay, 0)
    expected = math.sqrt(3.01) / (math.sqrt(3.01) + 0.1)
    assert np.mean(drawn.places == 0) == pytest.approx(expected, abs=1 / 64)  # stratified
    least = 0.1 / math.sqrt(3.01)
    np.testing.assert_allclose(drawn.weights, np.where(drawn.places == 0, least, 1), rtol=1e-5)


@pytest.mark.parametrize(
    ("returns", "error"),
    [
        ({}, 3.0),
        ({"returns": "quantile", "return_numbers": 2}, 2.5),  # Huber's of 3, times 1/4 and 3/4
    ],
)
def test_what_was_drawn_has_the_priority_of_its_own_error(returns, error):
    """Of distributions it is their loss. Four updates at once, of which three take effect, each from its own batch."""
    agent = prioritised(updates_per_period=4, **returns)
    agent.learn()
    np.testing.assert_allclose(agent._replay._tree.priorities[:2], np.sqrt([error + 0.01, 0.01]), rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "exponent"),
    [({}, 1.0), ({"importance_exponent": 0.0, "importance_steps": 6}, 0.5)],  # halfway, after 3 steps
)
def test_losses_count_by_the_importance_of_what_was_drawn(changes, exponent):
    """The loss that is logged is the mean of three updates, the first two from before priorities were known."""
    agent = prioritised(updates_per_period=4, **changes)
    handed = inputs_of(agent)
    logged = agent.learn()["loss/value"]
    importance = [inputs[5] for inputs in handed]
    assert (importance[0] == 1).all()
    assert (importance[1] == 1).all()
    least = (0.1 / math.sqrt(3.01)) ** exponent
    np.testing.assert_allclose(importance[2], np.where(handed[2][2] == 3, least, 1), rtol=1e-5)
    losses = [np.mean(inputs[5] * np.where(inputs[2] == 3, 2.5, 0)) for inputs in handed[:3]]  # Huber's of 3 is 2.5
    assert logged == pytest.approx(np.mean(losses), rel=1e-5)
    assert losses[0] > 2 * losses[2]


def test_importance_rises_to_a_full_correction():
    agent = dqn(priority_exponent=0.5, importance_exponent=0.4, importance_steps=10)
    assert [agent._importance(at) for at in (0, 5, 10, 99)] == pytest.approx([0.4, 0.7, 1, 1])
    assert dqn(importance_exponent=0.4)._importance(99) == 0.4
