"""Which games stand out."""

from rlab.report.watch.gallery import marked


def games(*scores, steps=None):
    steps = steps or [0] * len(scores)
    return [
        {"number": number, "score": score, "step": step}
        for number, (score, step) in enumerate(zip(scores, steps, strict=True))
    ]


def test_the_best_the_worst_and_the_median_are_those_of_all_games():
    found = marked({"train": games(3, 1, 2), "eval": games(9, 5)})
    assert found == {
        "best": ("eval", 0),
        "worst": ("train", 1),
        "median": ("train", 0),
        "latest evaluation": ("eval", 0),
        "first ever": ("train", 0),
    }


def test_of_the_latest_evaluation_it_is_the_best_game():
    found = marked({"validation": games(9, 1, 4, steps=[10, 20, 20])})
    assert found["latest evaluation"] == ("validation", 2)
    assert found["first ever"] == ("validation", 0)


def test_of_equal_games_the_first_stands_out():
    found = marked({"train": games(2, 2, 2)})
    assert (found["best"], found["worst"], found["median"]) == (("train", 0), ("train", 0), ("train", 1))
    assert "latest evaluation" not in found
