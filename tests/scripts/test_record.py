"""The recording script: the folders that it leaves, what it refuses, and what an interrupt keeps."""

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

import agents
import envs
from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.recording import RECORDING, Recording
from rlab.report.games_bar import GamesBar
from rlab.report.scores import mean_interval
from rlab.representation.dataset import load
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.scripts.running import REPOSITORY, answers, assert_refused, call, script

RELEASED = REPOSITORY / "checkpoints" / "released" / "mspacman-dqn"


def a_run(folder, name="CartPole-v1", agent="random", steps=(0,), protocol="", preset=""):
    """The folder of a run, made by hand, with a checkpoint of each of `steps`; the best is the first."""
    folder.mkdir()
    protocol = PROTOCOLS[protocol or default_protocol(name)]
    preset = preset or next(iter(agents.find(agent).PRESETS))
    run = RunConfig(env=name, protocol=protocol.name)
    config = agents.find(agent).PRESETS[preset].config
    Settings(agent, preset, run, config, *envs.spaces_of(name, protocol)).write(folder / "config.json")
    for step in steps:
        checkpoint.write(folder, step, lambda place: None)
    checkpoint.point_best(folder, checkpoint.place_of(folder, steps[0]))
    return folder


def recorded(folder, *arguments):
    """Call the script: the lines that it printed, its record and its tapes."""
    lines = call("record.py", *arguments, "--out", folder)
    return lines, Recording.read(folder), tapes_of(folder)


def tapes_of(folder):
    store = TapeStore(folder / "tapes.sqlite")
    tapes = list(store.all("demo"))
    store.close()
    return tapes


MISTAKES = {
    "record.py": ["who plays? record.py SOURCE [SOURCE ...], each the folder of a run or one of random, scripted"],
    "record.py missing": ["unknown source: received 'missing', which has no config.json; allowed are "],
    "record.py dqn --env CartPole-v1": ["dqn has to be trained first: give the folder of a run, or one of random, "],
    "record.py random": ["what is random to play? name the environment with --env"],
    "record.py random --env CartPol-v1": ["unknown environment: received 'CartPol-v1'; did you mean CartPole-v1"],
    "record.py random --env Blackjack-v1": ["does not take a space of this kind: received Tuple("],
    "record.py random --env CartPole-v1 --episodes 0": [
        "--episodes is out of range: received 0, allowed is 1 to 1000000"
    ],
    "record.py random --env CartPole-v1 --epsilon 1.5": ["--epsilon is out of range: received 1.5, allowed is 0 to 1"],
    "record.py random --env CartPole-v1 --epsilon -0.1": ["--epsilon is out of range: received -0.1"],
    "record.py random --env CartPole-v1 --seed -1": ["--seed is out of range: received -1"],
    "record.py random --env CartPole-v1 --out file": [
        "--out is to be a new folder: received file, where there is some"
    ],
    "record.py random --env CartPole-v1 --out run": ["--out is to be a new folder: received run, where there is some"],
    "record.py random --env CartPole-v1 --out file/x": ["--out is to be a new folder: received file/x"],
    "record.py random --env Pendulum-v1 --epsilon 0.1": [
        "--epsilon is for Discrete actions: received 0.1 and actions Box("
    ],
    "record.py pendulum --epsilon 0.1": ["--epsilon is for Discrete actions: received 0.1 and actions Box("],
    "record.py scripted --env Pendulum-v1": ["rule 'random_ten' does not fit this environment"],
    "record.py run --checkpoints 7": ["no such checkpoint: received 7, run has 0, 100"],
    "record.py run --checkpoints first": ["unknown checkpoint: received 'first', allowed are best, latest or a step"],
    "record.py run --checkpoints": ["--checkpoints names none: allowed are best, latest and steps"],
    "record.py run pendulum": ["all sources have to play one game: pendulum plays Pendulum-v1, not CartPole-v1"],
    "record.py run --env Pendulum-v1": ["all sources have to play one game: run plays CartPole-v1, not Pendulum-v1"],
    "record.py pong pong_classic": ["pong plays under ale_v5, pong_classic under classic"],
    "record.py empty": ["unknown source: received 'empty', which has no config.json"],
    "record.py torn": ["torn/config.json is not the configuration of a run: "],
    "record.py released --explore": ["does not tell how far exploration had come", "use --epsilon in place of"],
    "record.py run --episods 3": ["Unrecognized options: --episods, 3; perhaps you meant --episodes"],
    "verify.py damaged": ["recording.json is not the record of recorded games: "],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the script answers to all of the above in the folder of a user."""
    here = tmp_path_factory.mktemp("here")
    a_run(here / "run", steps=(0, 100))
    a_run(here / "pendulum", "Pendulum-v1")
    a_run(here / "pong", "ALE/Pong-v5")
    a_run(here / "pong_classic", "ALE/Pong-v5", protocol="classic")
    for name, file in (("empty", None), ("torn", "config.json"), ("damaged", RECORDING)):
        (here / name).mkdir()
        if file:
            (here / name / file).write_text("{")
    (here / "released").symlink_to(RELEASED)
    (here / "file").touch()
    return answers(here, [*MISTAKES, "record.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


def test_help_is_shown_without_tensorflow(told):
    answer = told["record.py --help"]
    assert "--epsilon" in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])


def test_a_mistake_ends_the_process_with_one_line_and_status_2(tmp_path):
    done = script("record.py", "missing", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: unknown source: received 'missing'")


@pytest.fixture(scope="module")
def mixture(tmp_path_factory):
    """Games of a random agent, two checkpoints of a run and a rule, each with a random action now and then."""
    root = tmp_path_factory.mktemp("mixture")
    run = a_run(root / "20260101-000000-s1", steps=(200, 100))
    arguments = (
        "random",
        run,
        "scripted",
        "--checkpoints",
        "best",
        "100",
        "200",
        "--episodes",
        "22",
        "--epsilon",
        "0.1",
    )
    return root, arguments, *recorded(root / "games", *arguments, "--seed", "7")


def test_the_games_take_turns_over_every_source_with_every_checkpoint(mixture):
    root, _, _, told, tapes = mixture
    run = root / "20260101-000000-s1"
    assert [(part.policy, part.source, part.agent, part.step) for part in told.parts] == [
        ("random, epsilon 0.1", "random", "random", 0),
        ("random of 20260101-000000-s1 at step 200, epsilon 0.1", str(run), "random", 200),
        ("random of 20260101-000000-s1 at step 100, epsilon 0.1", str(run), "random", 100),
        ("scripted, epsilon 0.1", "scripted", "scripted", 0),
    ]
    assert [part.games for part in told.parts] == [list(range(first, 22, 4)) for first in range(4)]
    assert [tape.number for tape in tapes] == list(range(22))
    assert [tape.step for tape in tapes] == [(0, 200, 100, 0)[number % 4] for number in range(22)]
    for part in told.parts:
        assert part.mean == pytest.approx(np.mean([tapes[number].score for number in part.games]))
        assert (part.epsilon, part.explore) == (0.1, False)
    assert np.mean([tape.score for tape in tapes[3::4]]) > np.mean([tape.score for tape in tapes[0::4]])


def test_the_record_says_how_the_games_came_about(mixture):
    root, arguments, lines, told, tapes = mixture
    assert (told.environment, told.protocol, told.seed) == ("CartPole-v1", PROTOCOLS["gymnasium"].identity, 7)
    assert told.command[:4] == ["python", "scripts/record.py", "random", str(arguments[1])]
    assert {"rlab", "gymnasium", "numpy", "environment"} <= set(told.versions)
    mean, low, high = mean_interval([tape.score for tape in tapes])
    steps = sum(tape.length for tape in tapes)
    assert lines[-1] == f"22 games, {steps} steps, mean {mean:.1f} [{low:.1f}, {high:.1f}]: {root / 'games'}"
    assert sorted(path.name for path in (root / "games").iterdir()) == [RECORDING, "tapes.sqlite"]


def test_the_same_seed_makes_the_same_tapes(mixture, tmp_path):
    def content(tapes):
        return [(tape.number, tape.seed, tape.step, tape.digest, tape.actions.tolist()) for tape in tapes]

    _, arguments, _, _, tapes = mixture
    again = recorded(tmp_path / "again", *arguments, "--seed", "7")[2]
    other = recorded(tmp_path / "other", *arguments, "--seed", "8")[2]
    assert content(again) == content(tapes)
    assert not {tape.seed for tape in other} & {tape.seed for tape in tapes}


def test_recorded_games_are_data_that_knows_who_played(mixture):
    root, _, _, told, tapes = mixture
    games = load([root / "games"], envs.emulate, parts=[])
    assert [game.policy for game in games.tapes] == [told.parts[tape.number % 4].policy for tape in tapes]


def test_recorded_games_are_confirmed(mixture):
    assert call("verify.py", mixture[0] / "games")[-1] == "all 22 games confirmed"


def test_a_record_that_tells_other_games_or_means_is_not_confirmed(mixture, tmp_path):
    folder = shutil.copytree(mixture[0] / "games", tmp_path / "own")
    told = json.loads((folder / RECORDING).read_text())
    told["parts"][0]["mean"] += 1
    (folder / RECORDING).write_text(json.dumps(told))
    with pytest.raises(UserError, match=r"the games or means in .* are not those of its tapes"):
        call("verify.py", folder)
    with pytest.raises(UserError, match="has no eval games to verify"):
        call("verify.py", folder, "--stream", "eval")


def test_a_network_plays_pacman_and_the_same_games_again(tmp_path):
    first, again = (
        recorded(tmp_path / name, RELEASED, "--episodes", "1", "--epsilon", "0.3") for name in ("first", "again")
    )
    (tape,) = first[2]
    assert (tape.environment, tape.step, tape.observations) == ("ALE/MsPacman-v5", 1_250_000, None)
    assert first[1].parts[0].policy == "dqn of mspacman-dqn at step 1,250,000, epsilon 0.3"
    assert tape.digest == again[2][0].digest
    assert call("verify.py", tmp_path / "first")[-1] == "all 1 games confirmed"


def test_without_a_folder_it_makes_one_below_checkpoints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = call("record.py", "random", "--env", "CartPole-v1", "--episodes", 2, "--seed", 5)
    (folder,) = (tmp_path / "checkpoints" / "CartPole-v1" / "recorded").iterdir()
    assert folder.name.endswith("-s5")
    assert lines[-1].endswith(f": {folder.relative_to(tmp_path)}")


class Explorer:
    """What stands in for an agent: it notes whether it is to explore."""

    asked = ()

    def __init__(self, agent):
        self._agent = agent

    def actor(self, num_envs, seed, *, explore):
        Explorer.asked += (explore,)
        return self._agent.actor(num_envs, seed, explore=explore)


@pytest.mark.parametrize("explore", [False, True])
def test_agents_act_as_in_training_where_that_is_asked_for(explore, tmp_path, monkeypatch):
    made = agents.load
    monkeypatch.setattr(agents, "load", lambda *arguments: Explorer(made(*arguments)))
    monkeypatch.setattr(Explorer, "asked", ())
    run = a_run(tmp_path / "run")
    _, told, _ = recorded(tmp_path / "games", run, "--episodes", 3, *(["--explore"] if explore else []))
    assert Explorer.asked == (explore,)
    assert (told.parts[0].explore, ", exploring" in told.parts[0].policy) == (explore, explore)


def test_exploration_goes_on_where_the_checkpoint_left_it(tmp_path):
    """Tabular Q-learning explores all the time at first, hardly ever later."""
    shares = {}
    for steps in (0, 10_000_000):
        run = a_run(tmp_path / f"run {steps}", "FrozenLake-v1", "tabular", preset="q_learning")
        place = checkpoint.place_of(run, 0)
        shutil.rmtree(place)
        agent = agents.make(agents.read_settings(run), model=envs.model_of("FrozenLake-v1"))
        actor = agent.actor(1, 0, explore=True)
        actor._steps = steps

        def save(folder, agent=agent, actor=actor):
            agent.save(folder)
            actor.save(folder)

        checkpoint.write(run, 0, save)
        tapes = recorded(tmp_path / f"games {steps}", run, "--episodes", 100, "--explore")[2]
        shares[steps] = np.mean(np.concatenate([tape.actions for tape in tapes]) == 0)  # without a clue, the first
    assert shares[0] < 0.5 < 0.8 < shares[10_000_000]


@pytest.fixture
def interrupted_after(monkeypatch):
    """Let Ctrl-C come after so many games."""

    def interrupted_after(games):
        show = GamesBar.show
        shown = []

        def counted(bar, tape):
            show(bar, tape)
            shown.append(tape)
            if len(shown) == games:
                raise KeyboardInterrupt

        monkeypatch.setattr(GamesBar, "show", counted)

    return interrupted_after


def test_an_interrupt_keeps_the_finished_games(tmp_path, interrupted_after, capsys):
    interrupted_after(7)
    arguments = ["random", "scripted", "--env", "CartPole-v1", "--out", str(tmp_path / "games")]
    from scripts import record

    with pytest.raises(SystemExit) as stopped:
        record.main(arguments)
    assert stopped.value.code == 130
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("interrupted, 7 of 100 games are kept: 7 games, ")
    assert line.endswith(f": {tmp_path / 'games'}")
    numbers = [tape.number for tape in tapes_of(tmp_path / "games")]
    assert len(numbers) == 7
    told = Recording.read(tmp_path / "games")
    assert sorted(number for part in told.parts for number in part.games) == numbers
    assert call("verify.py", tmp_path / "games")[-1] == "all 7 games confirmed"


def test_ctrl_c_ends_the_process_with_one_line(tmp_path):
    out = tmp_path / "games"
    command = [sys.executable, REPOSITORY / "scripts" / "record.py", "random", "--env", "CartPole-v1"]
    process = subprocess.Popen(
        [*command, "--episodes", "100000", "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    games = 0
    while games < 20:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
        with suppress(UserError):
            games = len(TapeStore(out / "tapes.sqlite").table("demo"))
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
    kept = len(tapes_of(out))
    assert kept >= 20
    assert printed.splitlines()[-1].startswith(f"interrupted, {kept} of 100000 games are kept: {kept:,} games, ")


def test_where_no_game_ended_nothing_is_left(tmp_path, monkeypatch):
    def interrupt(bar):
        raise KeyboardInterrupt

    monkeypatch.setattr(GamesBar, "__enter__", interrupt)
    with pytest.raises(UserError, match="interrupted before the first game ended: nothing is kept"):
        call("record.py", "random", "--env", "CartPole-v1", "--out", tmp_path / "games")
    assert list(tmp_path.iterdir()) == []


def test_an_agent_that_cannot_be_loaded_leaves_no_folder(tmp_path):
    run = a_run(tmp_path / "run", agent="tabular", name="FrozenLake-v1")
    with pytest.raises(UserError):
        call("record.py", run, "--out", tmp_path / "games")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
