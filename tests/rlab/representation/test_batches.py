"""Batches of recorded games: each moment with what belongs to it, shuffled the same way for the same seed."""

import numpy as np
import pytest

from rlab.representation.batches import batches
from rlab.types import UserError
from tests.rlab.representation.made_up import VECTORS, make

EVERYTHING = (
    *("moment", "observation", "next_observation", "frame", "next_frame", "action", "reward", "return_to_go", "ram"),
)


@pytest.fixture(scope="module")
def games():
    return make([30, 1, 25, 44, 50], ["train", "train", "test", "train", "validation"])


def rows(dataset):
    """The columns of all batches, joined, as NumPy."""
    return [np.concatenate(column) for column in zip(*dataset.as_numpy_iterator(), strict=True)]


def orders(dataset, passes=1):
    """The order of moments in each pass."""
    return [rows(dataset)[0].tolist() for _ in range(passes)]


@pytest.mark.parametrize("seed", [None, 3])
def test_every_column_is_that_of_its_moment(games, seed):
    found = dict(zip(EVERYTHING, rows(batches(games, "train", EVERYTHING, 16, seed=seed, gamma=0.5)), strict=True))
    moments = found["moment"]
    returns = games.returns_to_go(0.5)
    for row, moment in enumerate(moments):
        stack = np.zeros((6, 5, 3), np.uint8)
        for age in range(min(3, moment - max(np.flatnonzero(games.first[: moment + 1])) + 1)):
            stack[..., 2 - age] = games.frames[moment - age]
        np.testing.assert_array_equal(found["observation"][row], stack)
        following = np.concatenate([stack[..., 1:], games.frames[moment + 1][..., None]], axis=-1)
        np.testing.assert_array_equal(found["next_observation"][row], following)
    for name, expected in (("frame", games.frames), ("action", games.action), ("reward", games.reward)):
        np.testing.assert_array_equal(found[name], expected[moments])
    np.testing.assert_array_equal(found["next_frame"], games.frames[moments + 1])
    np.testing.assert_array_equal(found["ram"], games.ram[moments])
    np.testing.assert_array_equal(found["return_to_go"], returns[moments])


def test_without_a_seed_every_step_comes_once_and_in_order(games):
    for part in ("train", "validation", "test"):
        dataset = batches(games, part, ("moment",), 16)
        assert orders(dataset, 2) == [games.steps(part).tolist()] * 2
        assert int(dataset.cardinality()) == len(list(dataset))


def test_a_seed_shuffles_each_pass_anew_and_the_same_way_each_time(games):
    first, again, other = (orders(batches(games, "train", ("moment",), 16, seed=seed), 8) for seed in (5, 5, 6))
    assert first == again
    assert len({tuple(order) for order in [*first, *other]}) == 16
    steps = set(games.steps("train").tolist())
    assert len(steps) == 75
    for order in first:
        assert len(set(order)) == len(order) == 64, "of 75 steps, four whole batches"
        assert set(order) <= steps
    assert set().union(*first) == steps, "what is left over in one pass comes in another"


def test_all_batches_of_a_shuffled_pass_have_one_static_shape(games):
    dataset = batches(games, "train", ("observation", "action"), 16, seed=0)
    assert [tuple(spec.shape) for spec in dataset.element_spec] == [(16, 6, 5, 3), (16,)]
    assert [spec.dtype.name for spec in dataset.element_spec] == ["uint8", "int64"]
    assert {batch[0].shape for batch in dataset.as_numpy_iterator()} == {(16, 6, 5, 3)}
    assert int(dataset.cardinality()) == 4


def test_fewer_steps_than_a_batch_make_one_of_all(games):
    (only,) = batches(games, "test", ("moment",), 128, seed=0).as_numpy_iterator()
    assert sorted(only[0].tolist()) == games.steps("test").tolist()


def test_moments_of_ones_own_choice(games):
    chosen = np.array([7, 3, 3, 90])
    assert orders(batches(games, chosen, ("moment",), 2)) == [chosen.tolist()]
    assert sorted(*orders(batches(games, chosen, ("moment",), 2, seed=0))) == sorted(chosen.tolist())


def test_a_part_without_games_is_refused():
    with pytest.raises(UserError, match="there is no test game among the 1 recorded ones"):
        batches(make([5]), "test", ("action",), 2)


def test_columns_that_are_not_there_are_refused(games):
    with pytest.raises(ValueError, match=r"unknown column: received 'value', allowed are observation, .*, ram"):
        batches(games, "train", ("value",), 2)
    with pytest.raises(ValueError, match=r"unknown column: received 'ram', allowed are .*return_to_go$"):
        batches(make([5], ram=None), "train", ("ram",), 2)
    with pytest.raises(ValueError, match="nothing follows on the last moment"):
        batches(games, np.flatnonzero(games.last), ("next_frame",), 2)


def test_a_model_can_be_fitted_to_them():
    """Keras takes the batches as they are, and comes to the same weights again."""
    import keras

    games = make([60, 40], ["train", "validation"], space=VECTORS)

    def fitted():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        columns = ("observation", "reward")
        training, validation = batches(games, "train", columns, 8, seed=1), batches(games, "validation", columns, 8)
        history = model.fit(training, validation_data=validation, epochs=3, shuffle=False, verbose=0)
        assert len(history.history["val_loss"]) == 3
        return model.get_weights()

    for one, other in zip(fitted(), fitted(), strict=True):
        np.testing.assert_array_equal(one, other)
