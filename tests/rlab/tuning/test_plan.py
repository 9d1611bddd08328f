"""The plan of a search: read as it was written, and told apart by what differs."""

from dataclasses import replace

import pytest

from rlab.tuning.plan import PLAN, Plan, read_plan
from rlab.types import UserError

RUN = {"env": "CartPole-v1", "steps": 2000, "evaluation_period_steps": 200}
SETTINGS = {"agent": "ppo", "preset": "control", "run": RUN, "config": {"gamma": 0.99, "hidden_sizes": (64,)}}


def a_plan():
    return Plan(SETTINGS, ("--steps", "2000"), ("gamma=0.9,0.99",), "tpe", "median", 1)


def test_it_is_read_as_it_was_written(tmp_path):
    plan = a_plan()
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan
    assert (plan.agent, plan.environment, plan.steps, plan.period) == ("ppo", "CartPole-v1", 2000, 200)


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"sampler": "grid"}, "sampler is tpe there and grid now"),
        ({"seeds": 2}, "seeds is 1 there and 2 now"),
        ({"settings": SETTINGS | {"run": RUN | {"steps": 9}}}, "steps is 2000 there and 9 now"),
        ({"options": ()}, None),
    ],
)
def test_another_is_told_by_what_differs(changes, difference):
    assert a_plan().difference(replace(a_plan(), **changes), {}) == difference


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"options": 3}'])
def test_what_is_no_plan_is_refused(tmp_path, text):
    (tmp_path / PLAN).write_text(text)
    with pytest.raises(UserError, match=r"study\.json is not the plan of a search"):
        read_plan(tmp_path)
