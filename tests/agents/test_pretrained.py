"""What every deep agent does with an encoder or a policy that was learnt before."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import agents
from rlab import pretrained
from rlab.agent import Teachable
from rlab.config import read_config
from rlab.nets.reuse import encoder_of
from rlab.nets.saving import load_model
from rlab.types import UserError
from tests.agents.cases import Case, Session, differing
from tests.rlab.written_pretrained import write_encoder, write_policy

CATCH = "Catch-v0"
DEEP = [name for name in agents.names() if issubclass(agents.find(name).Config, pretrained.PretrainedConfig)]
PRESETS = {"dqn": "control", "ppo": "control", "pqn": "control", "reinforce": "baseline"}
each_deep_agent = pytest.mark.parametrize("name", DEEP)


class Reusing(Case):
    """A case whose agent has some settings of its own, to take something over."""

    def __init__(self, name, changes):
        super().__init__(name, PRESETS[name], CATCH)
        object.__setattr__(self, "changes", changes)

    @property
    def settings(self):
        found = Case(self.agent, self.preset, self.environment).settings
        return dataclasses.replace(found, config=dataclasses.replace(found.config, **self.changes))


def case(name, **changes):
    return Reusing(name, changes)


def written(folder, name, kind="encoder"):
    settings = case(name).settings
    write = {"encoder": write_encoder, "policy": write_policy}[kind]
    return write(folder, settings.observation_space, settings.action_space, CATCH)


def learnt(session, updates=3):
    """The session after so many updates."""
    while updates:
        updates -= next(session).metrics is not None
    return session


def encoder_weights(agent):
    return encoder_of(agent.network).get_weights()


def test_all_agents_with_networks_take_pretrained_encoders_over():
    assert set(DEEP) >= {"dqn", "ppo", "pqn", "reinforce"}
    assert set(DEEP) == set(PRESETS)


@each_deep_agent
def test_it_begins_with_the_encoder(name, tmp_path):
    path = written(tmp_path, name)
    for begun, weights in zip(
        encoder_weights(case(name, encoder=str(path)).make()), load_model(path).get_weights(), strict=True
    ):
        assert np.array_equal(begun, weights)


@each_deep_agent
def test_a_frozen_encoder_stands_still_and_everything_else_learns(name, tmp_path):
    session = Session(case(name, encoder=str(written(tmp_path, name)), freeze="all"))
    before = session.agent.network.get_weights()
    held = encoder_weights(session.agent)
    learnt(session)
    assert all(map(np.array_equal, held, encoder_weights(session.agent)))
    assert not all(map(np.array_equal, before, session.agent.network.get_weights()))


@pytest.mark.parametrize(("returns", "average_rate"), [("mean", 1), ("implicit", 1), ("mean", 0.5)])
def test_with_features_in_its_replay_dqn_learns_the_same(returns, average_rate, tmp_path):
    """And the replay goes round, through the ends of many games; only the order of sums differs."""
    path, learnt_values = str(written(tmp_path, "dqn")), []
    for cached in (False, True):
        changes = {"cache_features": cached, "returns": returns, "average_rate": average_rate}
        session = Session(case("dqn", encoder=path, freeze="all", **changes))
        learnt(session, 20)
        learnt_values.append(session.agent.values(case("dqn").observations(16)))
    np.testing.assert_allclose(*learnt_values, rtol=1e-3, atol=1e-4)
    assert session.agent._replay._frames.get(np.zeros(1, np.int64)).shape == (1, 16)


def test_features_can_only_be_cached_of_what_stands_still(tmp_path):
    with pytest.raises(UserError, match="--cache-features is for an encoder that stands still: received --freeze 1"):
        case("dqn", encoder=str(written(tmp_path, "dqn")), freeze="1", cache_features=True).make()


@each_deep_agent
def test_an_encoder_that_is_not_frozen_learns(name, tmp_path):
    session = Session(case(name, encoder=str(written(tmp_path, name))))
    before = encoder_weights(session.agent)
    learnt(session)
    assert not any(map(np.array_equal, before, encoder_weights(session.agent)))


@each_deep_agent
def test_of_some_layers_the_first_stand_still(name, tmp_path):
    path = write_two_layers(tmp_path, name)
    session = Session(case(name, encoder=str(path), freeze="1"))
    before = encoder_weights(session.agent)
    learnt(session)
    after = encoder_weights(session.agent)
    assert [np.array_equal(*pair) for pair in zip(before, after, strict=True)] == [True, True, False, False]


def test_of_a_residual_network_the_first_section_can_stand_still(tmp_path):
    settings = case("dqn").settings
    spaces = settings.observation_space, settings.action_space
    path = write_encoder(tmp_path, *spaces, CATCH, kind="impala")
    session = Session(case("dqn", encoder=str(path), freeze="5"))
    before = encoder_weights(session.agent)
    learnt(session)
    moved = [not np.array_equal(*pair) for pair in zip(before, encoder_weights(session.agent), strict=True)]
    assert moved == [False] * 10 + [True] * 20  # a kernel and a bias each


@each_deep_agent
def test_it_sees_and_learns_by_the_residual_network(name):
    session = Session(case(name, encoder_kind="impala"))
    before = encoder_weights(session.agent)
    assert len(before) == (30 if name != "pqn" else 30 + 2 * 13)  # which has layer normalisation
    learnt(session, 2)
    assert not any(map(np.array_equal, before, encoder_weights(session.agent)))


@each_deep_agent
def test_more_layers_than_there_are_cannot_be_frozen(name, tmp_path):
    with pytest.raises(UserError, match=r"--freeze is out of range: received 3, allowed are 1 to 2, .*hidden_2"):
        case(name, encoder=str(write_two_layers(tmp_path, name)), freeze="3").make()


def write_two_layers(folder, name):
    settings = case(name).settings
    return write_encoder(folder, settings.observation_space, settings.action_space, CATCH, sizes=(16, 8))


@each_deep_agent
def test_its_encoder_takes_steps_of_their_own_size(name, tmp_path):
    """The first step of Adam is as long as its step size, whatever the gradient; ppo and pqn take four at once."""
    path, moved = str(written(tmp_path, name)), {}
    for rate in (0.0, 1e-5):
        session = Session(case(name, encoder=path, encoder_learning_rate=rate))
        before = session.agent.network.get_weights()
        learnt(session, 1 if name != "dqn" else 2)  # a gradient of dqn takes effect when the next one is computed
        after = session.agent.network.get_weights()
        moved[rate] = [np.abs(one - other).max() for one, other in zip(before, after, strict=True)]
    usual, slow = moved[0.0], moved[1e-5]
    rate = session.agent.config.learning_rate
    assert slow[0] == pytest.approx(usual[0] * 1e-5 / rate, rel=0.5)
    assert slow[-1] == pytest.approx(usual[-1], rel=0.5)


@pytest.mark.parametrize(("name", "cached"), [*((name, {}) for name in DEEP), ("dqn", {"cache_features": True})])
def test_a_run_goes_on_with_its_own_copy(name, cached, tmp_path):
    """Bit for bit, also where the original is gone."""
    path = written(tmp_path, name)
    chosen = case(name, encoder=str(path), freeze="all", **cached)
    session = learnt(Session(chosen), 1)
    run = tmp_path / "run"
    session.save(run)
    pretrained.keep(chosen.settings.config, run)
    path.unlink()
    again = agents.make(chosen.settings, run=run)
    wanted = again.load(run)
    again_folder = tmp_path / "again"
    again_folder.mkdir()
    again.save(again_folder)
    learnt_files = {"network.keras", "baseline.keras", "learner.npz"} & {file.name for file in run.iterdir()}
    assert learnt_files
    assert not learnt_files & set(differing(run, again_folder))
    for _ in range(wanted):  # the turns that its replay is to hold, here others
        again.observe(next(session).transitions)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in DEEP),
        ("dqn", {"returns": "implicit", "return_numbers": 8}),
        ("dqn", {"average_rate": 0.5}),
        ("pqn", {"average_rate": 0.5}),
    ],
)
def test_it_begins_as_a_cloned_policy(name, changes, tmp_path):
    path = written(tmp_path, name, "policy")
    activation = {"activation": "relu"} if name in ("ppo", "reinforce") else {}
    chosen = case(name, policy=str(path), hidden_sizes=(16,), **activation, **changes)
    agent = chosen.make()
    assert isinstance(agent, Teachable)
    seen = chosen.observations(64)
    preferred = np.argmax(load_model(path)(seen), axis=1)
    assert len(set(preferred)) > 1
    actor = agent.actor(len(seen), 0, explore=False)
    assert np.array_equal(actor.act(seen, np.ones(len(seen), np.bool_))[0], preferred)


@each_deep_agent
def test_a_policy_with_another_head_is_refused(name, tmp_path):
    with pytest.raises(UserError, match=r"the policy's head does not fit the agent: it has weights .*16"):
        case(name, policy=str(written(tmp_path, name, "policy")), hidden_sizes=(12,)).make()


@each_deep_agent
def test_a_policy_with_fewer_layers_is_refused(name, tmp_path):
    with pytest.raises(UserError, match="the policy's head does not fit the agent: it has weights "):
        case(name, policy=str(written(tmp_path, name, "policy")), hidden_sizes=(16, 6)).make()


@pytest.mark.parametrize("name", ["ppo", "reinforce"])
def test_a_policy_with_another_activation_is_refused(name, tmp_path):
    with pytest.raises(UserError, match=r"its layers are \['relu', 'linear'\], the agent's \['tanh', 'linear'\]"):
        case(name, policy=str(written(tmp_path, name, "policy")), hidden_sizes=(16,), activation="tanh").make()


def test_settings_with_something_taken_over_are_read_as_they_were_written(tmp_path):
    settings = case("dqn", encoder="somewhere.keras", freeze="2", encoder_learning_rate=0.25).settings
    settings.write(tmp_path / "config.json")
    assert read_config(tmp_path / "config.json", lambda agent: agents.find(agent).Config) == settings


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_an_encoder_computes_in_the_number_format_of_the_run(precision, tmp_path):
    path = written(tmp_path, "dqn")
    keras.mixed_precision.set_global_policy(precision)
    try:
        encoder = encoder_of(case("dqn", encoder=str(path)).make().network)
        assert encoder.get_layer("hidden_1").compute_dtype == precision.removeprefix("mixed_")
        assert encoder(case("dqn").observations(2)).dtype == tf.float32
    finally:
        keras.mixed_precision.set_global_policy("float32")
