"""Mistakes on the command line: one line, exit status 2, before TensorFlow is loaded, and nothing is written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.running import REPOSITORY, answers, assert_refused

CARTPOLE = "train.py dqn --env CartPole-v1 "
MISTAKES = {
    "train.py": ["which agent? train.py AGENT [options], agents are dqn, "],
    "train.py --steps 5": ["which agent?"],
    "train.py dqq": ["unknown agent: received 'dqq'; did you mean dqn? allowed are dqn, "],
    "train.py -5": ["which agent?"],
    "train.py dqn --env CartPol-v1": ["unknown environment: received 'CartPol-v1'; did you mean CartPole-v1, "],
    "train.py dqn --env=cartpole-v1": ["received 'cartpole-v1'; did you mean CartPole-v1, "],
    "train.py dqn --env ALE/MsPackman-v5": ["received 'ALE/MsPackman-v5'; did you mean ALE/MsPacman-v5, "],
    "train.py dqn --env qqqqqqqq": ["received 'qqqqqqqq'; see gymnasium.registry"],
    "train.py dqn --env": ["Missing value for argument '--env'"],
    "train.py dqn --env Pendulum-v1": ["dqn chooses among discrete actions: received Box(", "allowed is Discrete"],
    "train.py dqn --env Blackjack-v1": ["does not take a space of this kind: received Tuple(", "Box and Discrete"],
    "train.py dqn --env my_games:Named-v0": ["received Dict('place': Discrete(3)), allowed are Box and Discrete"],
    "train.py dqn --env my_games:Named-v0 --check-env": ["received Dict('place': Discrete(3)), allowed are"],
    "train.py dqn --env my_games:God-v0": ["received 'my_games:God-v0'; did you mean Good-v0"],
    "train.py dqn --env my_games:Failing-v0": ["my_games:Failing-v0 cannot be made", "there is no luck"],
    "train.py dqn --env my_gams:Good-v0": ["received 'my_gams:Good-v0'", "No module named 'my_gams'"],
    "train.py dqn --env needy_games:Good-v0": ["the module cannot be imported", "No module named 'no_such_module'"],
    "train.py dqn --env torn_games:Good-v0": ["the module cannot be imported", "torn_games.py, line 1"],
    CARTPOLE + "--preset fast": [
        "an image agent does not fit this environment: received observations Box(",
        "[H, W, C]",
    ],
    CARTPOLE + "--preset quick": [
        "unknown preset of dqn: received 'quick', allowed are fast, half_hour, efficient, rainbow, iqn, ",
        "paper, book, book_pong, control",
    ],
    CARTPOLE + "--steps 0": ["--steps is out of range: received 0, allowed is 1 or more"],
    CARTPOLE + "--steps -5": ["--steps is out of range: received -5, allowed is 1 or more"],
    CARTPOLE + "--steps ten": ["Error parsing --steps", "'ten' (see train.py dqn --help)"],
    CARTPOLE + f"--steps 1{'0' * 400}": ["--steps is out of range: received 1000"],
    CARTPOLE + "--threads 3000000000": ["--threads is out of range: received 3000000000, allowed is 0 to 1024"],
    CARTPOLE + "--evaluation-episodes 10000000000000000000": ["--evaluation-episodes is out of range", "1 to 1000000"],
    CARTPOLE + f"--root {'long' * 100}": ["cannot open, file name too long: longlong"],
    "train.py --resume loop": ["cannot open, too many levels of symbolic links: loop"],
    CARTPOLE + "--seed -1": ["--seed is out of range: received -1, allowed is 0 to 2147483647"],
    CARTPOLE + "--minutes 0": ["--minutes is out of range: received 0.0, allowed is 0.01 or more"],
    CARTPOLE + "--minutes -1": ["--minutes is out of range: received -1.0, allowed is 0.01 or more"],
    CARTPOLE + "--minutes nan": ["--minutes is out of range: received nan, allowed is 0.01 or more"],
    CARTPOLE + "--minutes inf": ["--minutes is out of range: received inf, allowed is 0.01 or more"],
    CARTPOLE + "--minutes ten": ["--minutes", "'ten'"],
    CARTPOLE + "--num-envs 0": ["--num-envs is out of range: received 0, allowed is 1 or more"],
    CARTPOLE + "--gamma nan": ["--gamma is out of range: received nan, allowed is 0 to 1"],
    CARTPOLE + "--score-episodes -3": ["--score-episodes is out of range: received -3, allowed is 0 to 1000000"],
    CARTPOLE + "--precision half": ["invalid choice 'half' for argument '--precision'", "'mixed_bfloat16'"],
    CARTPOLE + "--learning-rte 1": ["Unrecognized options: --learning-rte, 1; perhaps you meant --learning-rate ("],
    CARTPOLE + "--protocol ale_v6": [
        "unknown protocol: received 'ale_v6', allowed are ale_v5, ale_v5_full, classic, book"
    ],
    CARTPOLE + "--protocol classic": ["protocol 'classic' does not fit CartPole-v1: allowed are gymnasium"],
    CARTPOLE + "--seeds -1": ["--seeds is out of range: received -1, allowed is 0 or more"],
    CARTPOLE + "--seeds 2 --jobs 0": ["--jobs is out of range: received 0, allowed is 1 or more"],
    CARTPOLE + "--jobs 2": ["one run is one job: received --jobs 2 without --seeds, allowed is 1"],
    CARTPOLE + "--seed 2147483647 --seeds 2": ["--seed is out of range: received 2147483648, allowed is 0 to 2147"],
    CARTPOLE + "--seeds 2 --root file": ["--root is no folder: received file, and file is a file"],
    CARTPOLE + "--root file": ["--root is no folder: received file, and file is a file"],
    CARTPOLE + "--root file/below/it": ["--root is no folder: received file/below/it, and file is a file"],
    "train.py dqn --env ale_py:ALE/Pong-v5": [
        "games of Atari are named without a module: received 'ale_py:ALE/Pong-v5', allowed is 'ALE/Pong-v5'"
    ],
    "train.py dqn --protocol gymnasium": ["protocol 'gymnasium' does not fit ALE/MsPacman-v5: allowed are ale_v5, "],
    "train.py dqn --env ALE/Pong-v5 --protocol book": ["'book' is for ALE/MsPacman-v5 alone: received ALE/Pong-v5"],
    "train.py --resume": ["Missing value for argument '--resume'"],
    "train.py --resume missing": ["not a run: missing has no config.json"],
    "train.py --resume=empty": ["not a run: empty has no config.json"],
    "train.py --resume file": ["not a run: file has no config.json"],
    "train.py --resume empty --steps ten": ["'ten'"],
    "train.py --resume empty --steps -5": ["--steps is out of range: received -5"],
    "train.py --resume empty --minutes nan": ["--minutes is out of range: received nan, allowed is 0.01 or more"],
    "train.py --resume empty --score-episodes -1": ["--score-episodes is out of range: received -1"],
    "train.py --resume empty --env CartPole-v1": ["Unrecognized options: --env, CartPole-v1"],
    "train.py dqn --resume empty": ["Unrecognized options: dqn"],
    "evaluate.py": ["The run's folder. (required)"],
    f"evaluate.py {'long' * 100}": ["cannot open, file name too long: longlong"],
    "evaluate.py odd": ["cannot open, is a directory: odd/config.json"],
    "evaluate.py missing": ["not a run: missing has no config.json"],
    "evaluate.py empty --episodes 0": ["--episodes is out of range: received 0, allowed is 1 to 1000000"],
    "verify.py empty": ["not a run: empty has no config.json"],
    "verify.py empty --stream movies": ["unknown stream: received 'movies', allowed are train, validation, eval, demo"],
    "watch.py": ["which run? watch.py RUN [RUN ...]"],
    "watch.py file": ["not a run: file has no config.json"],
    "watch.py empty --out film.avi": ["received film.avi, allowed are no suffix and .mp4"],
    "compare.py empty": ["no run with an evaluation in empty"],
    CARTPOLE + "--replay-capacity 64 --n-steps 64": ["the replay is too small: received a capacity of 64"],
}
CHECKED = {
    "CartPole-v1": ["- Gymnasium's checker: A Box observation space minimum value is -infinity"],
    "FrozenLake-v1": [],
    "ALE/MsPacman-v5": [],
    "my_games:Good-v0": [],
    "my_games:Unseeded-v0": ["- Gymnasium's checker: Deterministic step observations are not equivalent"],
    "my_games:FourValues-v0": ["- Gymnasium's checker: not enough values to unpack (expected 5, got 4)"],
}


HELP = [f"{name} --help" for name in ("train.py", "train.py dqn", "evaluate.py", "verify.py", "watch.py", "compare.py")]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the scripts answer to all of the above in the folder of a user."""
    here = tmp_path_factory.mktemp("here")
    shutil.copy(Path(__file__).with_name("own_games.py"), here / "my_games.py")
    (here / "torn_games.py").write_text("def (:\n")
    (here / "needy_games.py").write_text("import no_such_module\n")
    (here / "file").touch()
    (here / "empty").mkdir()
    (here / "odd" / "config.json").mkdir(parents=True)
    (here / "loop").symlink_to("loop")
    return answers(here, [*MISTAKES, *HELP, *(f"train.py dqn --env {name} --check-env" for name in CHECKED)])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


@pytest.mark.parametrize("name", CHECKED)
def test_check_env_tells_what_does_not_fit(told, name):
    answer = told[f"train.py dqn --env {name} --check-env"]
    assert (answer["status"], answer["errors"], answer["written"]) == (0, "", [])
    spaces, *findings, verdict = answer["out"].splitlines()
    assert spaces.startswith(f"{name}: observations ")
    assert [part for part in CHECKED[name] if part not in "\n".join(findings)] == []
    assert bool(findings) == bool(CHECKED[name])
    assert verdict.startswith("its spaces fit dqn (")
    assert verdict.endswith("; mind the above") == bool(findings)


@pytest.mark.parametrize("line", HELP)
def test_help_is_shown_without_tensorflow(told, line):
    answer = told[line]
    assert answer["status"] in (0, None)
    assert "--help" in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])


@pytest.mark.parametrize(
    "line", ["train.py dqq", "train.py --resume empty", "evaluate.py empty", "verify.py empty", "watch.py empty"]
)
def test_a_mistake_ends_the_process_so_too(tmp_path, line):
    (tmp_path / "empty").mkdir()
    name, *arguments = line.split()
    command = [sys.executable, "-X", "importtime", REPOSITORY / "scripts" / name, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert "| numpy\n" in done.stderr.replace(" ", "").replace("|", "| ")
    assert "tensorflow" not in done.stderr
    assert os.listdir(tmp_path) == ["empty"]
