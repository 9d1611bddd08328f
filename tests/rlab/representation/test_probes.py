"""Probes: readers find what features hold, and no more than a guess where they hold nothing or only name the game."""

import numpy as np
import pytest

from rlab.report.scores import mean_interval
from rlab.representation import readers
from rlab.representation.findings import Findings, Row, markdown, over_games, tables
from rlab.representation.games import PARTS
from rlab.representation.probes import ProbeConfig, guess, prepare, probe
from rlab.representation.readers import Read
from rlab.types import UserError
from tests.rlab.representation.made_up import make

LENGTH = 60  # steps of a game, which has one moment more
READERS = ProbeConfig().readers
each_reader = pytest.mark.parametrize("reader", READERS)


def games_of(train=12, validation=4, test=6):
    parts = ["train"] * train + ["validation"] * validation + ["test"] * test
    return make([LENGTH] * len(parts), parts)


GAMES = games_of()
MOMENTS = len(GAMES)
random = np.random.default_rng(0)
STATE = random.uniform(0, 1, size=(MOMENTS, 3))  # what is to be read
LABELS = {
    "ball_x": (150 * STATE[:, 0]).astype(np.float32),
    "direction": (4 * STATE[:, 1]).astype(np.int64),
    "score": (150 * STATE[:, 2]).astype(np.int64),
}
ANGLE = 2 * np.pi * STATE[:, 1]
TELLING = np.stack(
    [4 * STATE[:, 0] - 2, np.cos(ANGLE), np.sin(ANGLE), 4 * STATE[:, 2] - 2, random.normal(size=MOMENTS) / 10], axis=1
).astype(np.float32)
SILENT = random.normal(size=(MOMENTS, 5)).astype(np.float32)
KINDS = {"ball_x": "place", "direction": "category", "score": "count"}


def asked(features, labels=LABELS, readers=READERS, *, games=GAMES, seed=0, workers=1, **config):
    """What readers find in features [M, D], the guess, and the questions."""
    questions = prepare(games, labels, ProbeConfig(**config))
    by_part = {part: features[moments] for part, moments in questions.moments.items()}
    return probe(by_part, questions, readers, seed=seed, workers=workers), guess(questions), questions


@pytest.fixture(scope="module")
def telling():
    return asked(TELLING)


@pytest.fixture(scope="module")
def silent():
    return asked(SILENT)


@each_reader
def test_a_reader_finds_places_categories_and_counts_that_features_hold(reader, telling):
    """Of places of up to 150 pixels, and of four directions."""
    found, without, _ = telling
    assert found.labels["ball_x"][reader]["place"][2] < 0.35 * without.labels["ball_x"]["guess"]["place"][1]
    assert found.labels["score"][reader]["count"][2] < 0.35 * without.labels["score"]["guess"]["count"][1]
    assert found.labels["direction"][reader]["category"][1] > 0.75 > 2 * without.summary["category"]["guess"][1]


@each_reader
def test_a_reader_is_no_better_than_a_guess_where_features_hold_nothing(reader, silent):
    found, without, _ = silent
    for kind in ("place", "count"):
        assert found.summary[kind][reader][0] == pytest.approx(without.summary[kind]["guess"][0], rel=0.1)
    assert found.summary["category"][reader][0] == pytest.approx(without.summary["category"]["guess"][0], abs=0.06)


@each_reader
def test_a_label_that_only_names_the_game_cannot_be_used(reader):
    """Every game has a place of its own, and the features say which game it is: to know that by heart is no use."""
    games = games_of(train=30, validation=8, test=30)
    places = np.random.default_rng(1).uniform(0, 150, size=len(games.tapes))
    named = np.eye(len(games.tapes), dtype=np.float32)[games.game]
    labels = {"home_x": places[games.game].astype(np.float32), "home": (places[games.game] > 75).astype(np.int64)}
    found, without, questions = asked(named, labels, [reader], games=games, train_moments=600)
    assert found.summary["place"][reader][0] > 0.85 * without.summary["place"]["guess"][0]
    assert found.summary["category"][reader][0] < 0.7
    # Of other moments of the same games all is known.
    train = questions.moments["train"]
    again = questions._replace(
        moments=dict.fromkeys(PARTS, train),
        game=games.game[train],
        labels=[label._replace(values=dict.fromkeys(PARTS, label.values["train"])) for label in questions.labels],
    )
    heart = probe(dict.fromkeys(PARTS, named[train]), again, [reader], seed=0, workers=1)
    assert heart.summary["place"][reader][0] < 0.5 * without.summary["place"]["guess"][0]


@each_reader
def test_what_is_unknown_is_neither_learnt_from_nor_scored(reader):
    """Whatever the features say at moments where labels are unknown, it changes nothing."""
    unknown = np.random.default_rng(2).uniform(size=MOMENTS) < 0.5
    labels = {
        "ball_x": np.where(unknown, np.nan, LABELS["ball_x"]),
        "direction": np.where(unknown, -1, LABELS["direction"]),
        "score": np.where(unknown, -1, LABELS["score"]),
    }
    misleading = np.where(unknown[:, None], -TELLING, TELLING)
    found, without, _ = asked(TELLING, labels, [reader])
    assert asked(misleading, labels, [reader])[0] == found
    assert asked(misleading, LABELS, [reader])[0] != found
    for name, kind in KINDS.items():
        mean, other = found.labels[name][reader][kind][0], without.labels[name]["guess"][kind][0]
        assert mean > 1.5 * other if kind == "category" else mean < 0.5 * other


def test_labels_that_are_known_at_different_moments_are_read_as_if_alone():
    half = np.where(np.arange(MOMENTS) % 3 == 0, np.nan, LABELS["ball_x"])
    together, _, _ = asked(TELLING, {"a_x": LABELS["ball_x"], "b_x": half, "c_x": LABELS["ball_x"][::-1].copy()})
    alone, _, _ = asked(TELLING, {"b_x": half})
    for reader in READERS:
        assert together.labels["b_x"][reader]["place"] == pytest.approx(alone.labels["b_x"][reader]["place"], abs=0.01)


def test_the_same_seed_finds_the_same_whatever_the_number_of_workers(telling):
    assert asked(TELLING)[0] == telling[0]
    assert asked(TELLING, workers=4)[0] == telling[0]
    other = asked(TELLING, seed=1)[0]
    assert other.summary["place"]["forest"] != telling[0].summary["place"]["forest"]
    assert other.summary["place"]["ridge"] == telling[0].summary["place"]["ridge"]


def test_a_guess_is_the_median_and_the_most_frequent_class_of_the_training_games():
    found, without, _ = asked(SILENT, readers=["ridge"])
    train, test = (GAMES.steps(part) for part in ("train", "test"))
    place = np.abs(np.median(LABELS["ball_x"][train]) - LABELS["ball_x"][test])
    frequent = np.bincount(LABELS["direction"][train]).argmax()
    cells = (LABELS["ball_x"] // 8).astype(int)
    assert without.summary["place"]["guess"][0] == pytest.approx(place.mean(), rel=1e-4)
    assert without.summary["category"]["guess"][0] == pytest.approx(
        np.mean(LABELS["direction"][test] == frequent), 1e-4
    )
    assert without.summary["cell"]["guess"][0] == pytest.approx(
        np.mean(cells[test] == np.bincount(cells[train]).argmax()), 1e-4
    )
    assert "cell" not in found.summary, "ridge regression chooses among no cells"


def test_counts_are_scored_in_their_mean_deviation_from_the_median(silent):
    """Which a guess misses by, up to the difference between the games."""
    _, without, questions = silent
    train, test = (LABELS["score"][GAMES.steps(part)].astype(float) for part in ("train", "test"))
    unit = np.abs(train - np.median(train)).mean()
    expected = np.abs(np.median(train) - test).mean() / unit
    assert without.summary["count"]["guess"][0] == pytest.approx(expected, rel=1e-4)
    assert [label.kind for label in questions.labels] == ["place", "category", "count"]


def reader_of(*answers):
    """A reader with settings "0", "1", ... that reads the given values, validation before test."""

    def read(features, targets, asked, seed):
        for number, (values, cells) in enumerate(answers):
            yield str(number), [Read(np.asarray(values, float), cells)]

    return read


FEW = make([3, 2, 2, 1], ["train", "validation", "test", "test"])  # 12 moments: 0-3, 4-6, 7-9, 10-11
FEW_X = {"x": np.array([0, 10, 20, 99, 30, 40, 99, 50, 60, 99, 12, 99], np.float32)}


def test_the_validation_games_choose_and_the_test_games_do_not(monkeypatch):
    right_at_first = [30, 40, 0, 0, 0]
    right_at_last = [0, 0, 50, 60, 12]
    monkeypatch.setitem(readers.READERS, "forest", reader_of((right_at_last, None), (right_at_first, None)))
    found, _, _ = asked(np.zeros((12, 1), np.float32), FEW_X, ["forest"], games=FEW)
    assert found.labels["x"]["forest"]["setting"] == "1"
    assert found.labels["x"]["forest"]["place"][0] == pytest.approx((55 + 12) / 2)


def test_a_score_is_the_mean_over_test_games_of_their_means(monkeypatch):
    """Errors of 4 and 0 in one test game, 5 in the other; cells 6, 7 and 1, of which the second was found."""
    answer = [30, 40, 54, 60, 17], np.array([3, 5, 0, 7, 2])
    monkeypatch.setitem(readers.READERS, "forest", reader_of(answer))
    found, _, _ = asked(np.zeros((12, 1), np.float32), FEW_X, ["forest"], games=FEW)
    assert found.summary["place"]["forest"] == pytest.approx(mean_interval([2, 5]), abs=1e-4)
    assert found.summary["cell"]["forest"] == pytest.approx(mean_interval([0.5, 0]), abs=1e-4)


def test_all_labels_of_a_kind_are_one_mean_over_what_is_known_in_a_game():
    scores = np.array([[1, 3, np.nan, 8], [np.nan, 5, np.nan, np.nan]])
    # The first game has 1, 3 and 5, the second nothing, the third 8.
    assert over_games(scores, np.array([0, 0, 1, 2])) == pytest.approx(mean_interval([3, 8]), abs=1e-4)


def test_games_of_equal_scores_have_an_interval_of_no_width():
    assert over_games(np.array([[2.0, 4.0, 3.0, 3.0]]), np.array([0, 0, 1, 1])) == [3, 3, 3]


def test_moments_are_at_even_distances_and_of_steps_of_their_part():
    questions = prepare(GAMES, LABELS, ProbeConfig(train_moments=100, validation_moments=50, test_moments=10_000))
    assert [len(questions.moments[part]) for part in PARTS] == [100, 50, 6 * LENGTH]
    for part, moments in questions.moments.items():
        steps = GAMES.steps(part)
        assert np.isin(moments, steps).all()
        assert (moments[0], moments[-1]) == (steps[0], steps[-1])
        assert np.ptp(np.diff(np.searchsorted(steps, moments))) <= 1
    assert set(GAMES.game[questions.moments["test"]]) == set(questions.game)


def test_labels_that_cannot_be_asked_for_are_left_out_with_the_reason():
    test = np.isin(np.arange(MOMENTS), GAMES.steps("test"))
    labels = {
        **LABELS,
        "fruit_x": np.where(test, np.nan, LABELS["ball_x"]),
        "lives": np.where(test, 2, 3),
        "nobody_y": np.full(MOMENTS, np.nan, np.float32),
    }
    questions = prepare(GAMES, labels, ProbeConfig())
    assert [label.name for label in questions.labels] == list(LABELS)
    assert questions.left_out == {
        "fruit_x": "not known in the test games",
        "lives": "3 all through the training games",
        "nobody_y": "not known in the train games",
    }
    with pytest.raises(UserError, match="nothing to ask for: received 1 labels, lives is 3 all through the training"):
        prepare(GAMES, {"lives": labels["lives"]}, ProbeConfig())


def test_a_part_without_games_is_told():
    with pytest.raises(UserError, match="there is no validation game"):
        prepare(make([9, 9], ["train", "test"]), {"x": np.arange(20, dtype=np.float32)}, ProbeConfig())


@pytest.mark.parametrize("few", [2, 5])
@each_reader
def test_a_label_of_few_values_or_of_one_cell_can_be_read(reader, few):
    """Softmax regression has only one cell to choose, neighbours are few."""
    known = GAMES.steps("train")[:few]
    values = np.full(MOMENTS, np.nan, np.float32)
    for part in PARTS[1:]:
        values[GAMES.steps(part)] = 4
    values[known] = 1 + np.arange(few) / 2
    found, _, _ = asked(TELLING, {"x": values}, [reader])
    assert found.labels["x"][reader]["place"][0] < 8


ONE = Findings(
    {"place": {"ridge": [9.5, 8, 11], "forest": [12.25, 11, 13]}, "category": {"ridge": [0.5, 0.4, 0.6]}}, {}
)
OTHER = Findings({"place": {"ridge": [8.5, 8, 9], "forest": [14, 12, 15]}, "category": {"ridge": [0.4, 0.3, 0.5]}}, {})
WITHOUT = Findings({"place": {"guess": [30, 29, 31]}, "category": {"guess": [0.45, 0.4, 0.5]}}, {})


def test_tables_mark_the_best_of_each_column():
    places, categories = tables(
        WITHOUT, [Row("one", 3136, ONE), Row("other", 16, OTHER)], ["ridge", "softmax", "forest"]
    )
    assert places.header == ["read from", "features", "ridge", "forest"]
    assert places.rows == [
        ["a guess", "0", "30.0 [29.0, 31.0]", "30.0 [29.0, 31.0]"],
        ["one", "3,136", "9.5 [8.0, 11.0]", "*12.2 [11.0, 13.0]"],
        ["other", "16", "*8.5 [8.0, 9.0]", "14.0 [12.0, 15.0]"],
    ]
    assert [row[2] for row in categories.rows] == [
        "0.450 [0.400, 0.500]",
        "*0.500 [0.400, 0.600]",
        "0.400 [0.300, 0.500]",
    ]
    text = markdown([places], ["a note"])
    assert "| one | 3,136 | 9.5 [8.0, 11.0] | *12.2 [11.0, 13.0] |" in text
    assert text.endswith("- a note")
