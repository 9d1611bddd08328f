"""A run: what it keeps of its games, which checkpoints it leaves, and what it logs when."""

import dataclasses
import sqlite3
from functools import partial

import numpy as np
import pytest

import agents
import envs
from agents.dqn import PRESETS
from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.protocol import PROTOCOLS
from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import read_scalars
from rlab.training import Training
from tests.rlab.scripted import FRAMES_A_STEP, START_FRAMES
from tests.rlab.scripted_training import Student, begin

GAME = "......T"  # 7 steps


def train(run, agent, *episodes, **settings):
    """What a whole training told after each turn."""
    training, _ = begin(run, agent, *episodes, **settings)
    progress = list(training)
    training.close()
    return progress


def tapes_of(run, stream):
    """The tapes that are committed, as anybody may read them while the run goes on."""
    store = TapeStore(run / TAPES)
    found = list(store.all(stream))
    store.close()
    return found


def steps_of(run):
    return [checkpoint.step_of(folder) for folder in checkpoint.all_of(run)]


def best_of(run):
    return checkpoint.step_of((run / "best").resolve())


@pytest.mark.parametrize("num_envs", [1, 3])
def test_every_finished_game_is_on_a_tape_that_is_there_when_it_is_logged(tmp_path, num_envs):
    training, _ = begin(tmp_path, Student(*[1] * 9), GAME, num_envs=num_envs)
    finished = []
    for progress in training:
        finished += progress.scores
        if progress.step // 50 > (progress.step - num_envs) // 50:
            assert len(tapes_of(tmp_path, "train")) == len(finished) == progress.step // num_envs // 7 * num_envs
    training.close()
    tapes = tapes_of(tmp_path, "train")
    assert [tape.number for tape in tapes] == list(range(len(finished)))
    assert {tape.score for tape in tapes} == set(finished) == {7.0}
    assert len({tape.seed for tape in tapes}) == len(tapes)
    assert all(tape.observations is None for tape in tapes)


@pytest.mark.parametrize("num_envs", [1, 3])
def test_it_goes_on_until_all_environments_together_took_the_steps(tmp_path, num_envs):
    steps = [progress.step for progress in train(tmp_path, Student(*[1] * 9), GAME, num_envs=num_envs)]
    assert steps == list(range(num_envs, 500 + num_envs, num_envs))


def test_each_evaluation_plays_its_games_on_the_same_seeds_and_numbers_them_on(tmp_path):
    progress = train(tmp_path, Student(3, 1, 4, 1, 5), GAME, evaluation_episodes=3)
    evaluated = {told.step: told.evaluated for told in progress if told.evaluated}
    assert evaluated == {
        step: [7.0 * best] * 3 for step, best in zip(range(100, 501, 100), (3, 1, 4, 1, 5), strict=True)
    }
    tapes = tapes_of(tmp_path, "validation")
    assert [tape.number for tape in tapes] == list(range(15))
    assert [tape.step for tape in tapes] == sorted([100, 200, 300, 400, 500] * 3)
    assert [tape.seed for tape in tapes] == PROTOCOLS["gymnasium"].seeds("validation", 3) * 5


def test_it_is_evaluated_at_its_end_too(tmp_path):
    progress = train(tmp_path, Student(1, 2), GAME, steps=230)
    assert [told.step for told in progress if told.evaluated] == [100, 200, 230]


def test_the_best_checkpoint_is_that_of_the_best_evaluation_the_first_of_equals(tmp_path):
    training, _ = begin(tmp_path, Student(3, 1, 4, 4, 2), GAME, checkpoint_period_steps=1000)
    best = [(progress.step, best_of(tmp_path)) for progress in training if progress.evaluated]
    training.close()
    assert best == [(100, 100), (200, 100), (300, 300), (400, 300), (500, 300)]


@pytest.mark.parametrize(
    ("kept", "best", "left"),
    [
        (1, (9, 1, 1, 1, 1), [100, 500]),
        (2, (9, 1, 1, 1, 1), [100, 400, 500]),
        (2, (1, 1, 1, 1, 9), [400, 500]),
        (3, (1, 9, 1, 1, 1), [200, 300, 400, 500]),
        (9, (1, 1, 1, 1, 1), [100, 200, 300, 400, 500]),
    ],
)
def test_the_latest_checkpoints_and_the_best_are_left(tmp_path, kept, best, left):
    train(tmp_path, Student(*best), GAME, checkpoints_kept=kept)
    assert steps_of(tmp_path) == left
    assert best_of(tmp_path) == 100 * (best.index(max(best)) + 1)


def test_checkpoints_come_once_a_period_at_a_best_evaluation_and_at_the_end(tmp_path):
    train(tmp_path, Student(9, 1), GAME, steps=190, checkpoint_period_steps=60, checkpoints_kept=99)
    assert steps_of(tmp_path) == [60, 100, 120, 180, 190]


@pytest.mark.parametrize("num_envs", [4, 7])
def test_periods_count_the_steps_of_all_environments(tmp_path, num_envs):
    settings = {"checkpoint_period_steps": 50, "evaluation_period_steps": 1000, "checkpoints_kept": 99}
    train(tmp_path, Student(1, 1), GAME, steps=200, num_envs=num_envs, **settings)
    expected = [-(-step // num_envs) * num_envs for step in (50, 100, 150, 200)]  # with the turn that reaches them
    assert steps_of(tmp_path) == expected


def test_a_checkpoint_of_the_very_moment_is_written_once(tmp_path):
    training, _ = begin(tmp_path, Student(1), GAME)
    for _ in range(10):
        next(training)
    assert training.checkpoint() == training.checkpoint() == tmp_path / "step_000000010"
    training.close()


def test_a_checkpoint_can_be_written_before_the_first_turn(tmp_path):
    training, _ = begin(tmp_path, Student(1), GAME)
    assert training.checkpoint() == tmp_path / "step_000000000"
    training.close()
    resumed, notes = begin(tmp_path, Student(1), GAME, resume=True)
    assert notes == []
    assert next(resumed).step == 1
    resumed.close()


def test_a_run_that_is_over_has_nothing_to_go_on_with(tmp_path):
    train(tmp_path, Student(*[1] * 5), GAME)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.glob("step_*/*"))
    assert train(tmp_path, Student(*[1] * 5), GAME, resume=True) == []
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.glob("step_*/*")) == before


def test_a_run_that_is_over_can_be_given_more_steps(tmp_path):
    train(tmp_path, Student(*[1] * 5), GAME, steps=300)
    more = train(tmp_path, Student(*[1] * 5), GAME, steps=500, resume=True)
    train(tmp_path / "whole", Student(*[1] * 5), GAME, steps=500)
    assert [told.step for told in more] == list(range(301, 501))
    scalars = [read_scalars(run) for run in (tmp_path, tmp_path / "whole")]
    assert scalars[0]["train/score"] == scalars[1]["train/score"]


def test_a_resumed_run_points_to_its_best_checkpoint_again(tmp_path):
    """As a kill may have come before it did."""
    train(tmp_path, Student(1, 5, 2, 3, 4), GAME)
    assert best_of(tmp_path) == 200
    checkpoint.point_best(tmp_path, checkpoint.latest(tmp_path))
    training, _ = begin(tmp_path, Student(1, 5, 2, 3, 4), GAME, resume=True)
    training.close()
    assert best_of(tmp_path) == 200


def test_it_remembers_lost_lives_also_before_it_is_known_whether_games_repeat(tmp_path):
    """Ten games have ended by then, of which only the first was played again."""
    before, after = (Student(*[1] * 9, memory=10) for _ in range(2))
    settings = {"num_envs": 10, "life_loss_ends_value": True}
    training, _ = begin(tmp_path, before, "..l...T", **settings)
    while training.step < 100:
        next(training)
    training.close()
    begin(tmp_path, after, "..l...T", resume=True, **settings)[0].close()
    told = [[float(turn.discount[3]) for turn in agent.seen[:10]] for agent in (before, after)]
    assert told == [[1, 1, 0, 1, 1, 1, 0, 1, 1, 0]] * 2


@pytest.mark.parametrize("num_envs", [1, 3])
def test_scalars_are_logged_once_a_period_as_means_since_the_entry_before(tmp_path, num_envs):
    train(tmp_path, Student(*[1] * 9), "T", "...T", num_envs=num_envs, steps=300)
    scalars = {tag: dict(values) for tag, values in read_scalars(tmp_path).items()}
    tapes = tapes_of(tmp_path, "train")
    ends = [num_envs * (tape.step // num_envs + tape.length) for tape in tapes]
    due = [step for step in range(num_envs, 301, num_envs) if step // 50 > (step - num_envs) // 50]
    for before, step in zip([0, *due[:-1]], due, strict=True):
        ended = [tape for tape, end in zip(tapes, ends, strict=True) if before < end <= step]
        begun = num_envs + sum(end <= step for end in ends)
        expected = {
            "loss/steps": np.mean([now for now in range(before + num_envs, step + 1, num_envs) if now % 2 == 0]),
            "train/score": np.mean([tape.score for tape in ended]),
            "train/length": np.mean([tape.length for tape in ended]),
            "train/episodes": len(ended),
            "train/frames": FRAMES_A_STEP * step + START_FRAMES * begun,
        }
        assert {tag: scalars[tag][step] for tag in expected} == pytest.approx(expected)
    for tag, values in scalars.items():
        assert tag.startswith("eval/") or list(values) == due
    assert min(scalars["speed/steps_per_s"].values()) > 0


def test_evaluations_are_logged_as_mean_and_interval(tmp_path):
    train(tmp_path, Student(3, 1), "T", "..T", evaluation_episodes=10, steps=200)
    scalars = read_scalars(tmp_path)
    tapes = tapes_of(tmp_path, "validation")
    for number, step in enumerate((100, 200)):
        games = tapes[10 * number : 10 * number + 10]
        mean = np.mean([tape.score for tape in games])
        assert dict(scalars["eval/score"])[step] == pytest.approx(mean)
        assert dict(scalars["eval/length"])[step] == pytest.approx(np.mean([tape.length for tape in games]))
        assert dict(scalars["eval/score_low"])[step] < mean < dict(scalars["eval/score_high"])[step]


def test_a_real_run_logs_under_the_headings_of_the_lab(tmp_path):
    small = {"warmup_steps": 50, "batch_size": 8, "encoder_sizes": (8,), "hidden_sizes": (8,)}
    run = RunConfig("CartPole-v1", 200, protocol="gymnasium", num_envs=2, log_period_steps=50, evaluation_episodes=3)
    protocol = PROTOCOLS["gymnasium"]
    config = dataclasses.replace(PRESETS["control"].config, **small)
    settings = Settings("dqn", "control", run, config, *envs.spaces_of(run.env, protocol))
    make_env = partial(envs.make, run.env, protocol=protocol)
    training = Training(tmp_path, settings, agents.make(settings), protocol, make_env, envs.emulate)
    assert training.begin() == []
    for _ in training:
        pass
    training.close()
    scalars = read_scalars(tmp_path)
    assert scalars.keys() == {
        *("train/score", "train/length", "train/episodes", "train/frames", "speed/steps_per_s"),
        *("eval/score", "eval/score_low", "eval/score_high", "eval/length"),
        *("loss/value", "loss/td_error", "value/mean", "exploration/epsilon"),
    }
    assert [step for step, _ in scalars["train/frames"]] == [50, 100, 150, 200]
    assert [step for step, _ in scalars["eval/score"]] == [200]


def test_a_run_can_be_scored_while_its_resume_plays_its_games_again(tmp_path):
    """Which may take minutes: nothing is locked meanwhile."""
    training, _ = begin(tmp_path, Student(*[1] * 9, memory=25), GAME)
    for _ in range(60):
        next(training)
    training.checkpoint()
    training.close()
    scored = []

    class Scored(Student):
        def observe(self, transitions):
            connection = sqlite3.connect(tmp_path / TAPES, timeout=0)
            scored.append(connection.execute("DELETE FROM tapes WHERE stream = 'eval'").rowcount)
            connection.commit()
            connection.close()

    resumed, _ = begin(tmp_path, Scored(*[1] * 9, memory=25), GAME, resume=True)
    resumed.close()
    assert scored == [0] * 25
