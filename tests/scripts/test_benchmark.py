"""The benchmarks: small, and with stand-ins for what takes long; only one calls the script as a user does."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rlab.nets.encoders import nature
from rlab.nets.heads import ValueHead, q_network
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(autouse=True)
def script_folder_on_the_path(monkeypatch):
    """As it is when Python runs a script."""
    monkeypatch.syspath_prepend(str(SCRIPTS))


def benchmarked(capsys, *arguments):
    """The lines that a benchmark prints and the object in its last one."""
    import benchmark

    benchmark.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    return lines, json.loads(lines[-1])


def script(path, *lines):
    path.write_text("\n".join(["import json, sys, time", *lines]))
    return path


def test_throughput_of_dqn(monkeypatch, capsys):
    from rlab import devices  # noqa: F401, I001 - before all else that brings TensorFlow
    from benchmarks import floor, speed, throughput

    monkeypatch.setattr(speed, "_CALLS", 20)
    monkeypatch.setattr(floor, "_ROUNDS", 2)
    bench = throughput._BENCHES["dqn"]
    small = {**bench.replaced, "warmup_steps": 300, "replay_capacity": 300}
    monkeypatch.setitem(throughput._BENCHES, "dqn", bench._replace(replaced=small, untimed_calls=5))
    lines, found = benchmarked(capsys, "throughput", "--steps", "20")
    milliseconds = ("update_ms", "sample_ms", "observe_ms", "act_ms", "emulator_ms", "floor_ms", "floor_act_ms")
    assert all(found[name] > 0 for name in milliseconds)
    assert found["floor_step_ms"] == pytest.approx(found["floor_ms"] / 4 + found["floor_act_ms"] + found["emulator_ms"])
    assert found["floor_share"] == pytest.approx(found["floor_step_ms"] * found["steps_per_s"] / 1000)
    assert lines[-2] == f"{found['steps_per_s']:.1f} steps/s"
    assert any(line.startswith("  sampling, beside it") for line in lines)


def test_throughput_of_ppo(monkeypatch, capsys):
    from rlab import devices  # noqa: F401, I001 - before all else that brings TensorFlow
    from benchmarks import floor, speed, throughput

    monkeypatch.setattr(speed, "_CALLS", 20)
    monkeypatch.setattr(floor, "_ROUNDS", 2)
    small = throughput._BENCHES["ppo"]._replace(replaced={"rollout_steps": 16, "hidden_sizes": (8,)})
    monkeypatch.setitem(throughput._BENCHES, "ppo", small)
    lines, found = benchmarked(capsys, "throughput", "--agent", "ppo", "--steps", "128")
    assert all(found[name] > 0 for name in ("update_ms", "observe_ms", "act_ms", "emulator_ms", "floor_ms"))
    assert found["updates_per_step"] == 4 * 4 / (16 * 8)
    a_turn = found["floor_act_ms"] + found["emulator_ms"]
    assert found["floor_step_ms"] == pytest.approx(found["floor_ms"] / 8 + a_turn / 8)
    assert not any("sampling" in line for line in lines)


def test_throughput_of_rainbow_in_groups(monkeypatch, capsys):
    from rlab import devices  # noqa: F401, I001 - before all else that brings TensorFlow
    from benchmarks import floor, speed, throughput

    monkeypatch.setattr(speed, "_CALLS", 20)
    monkeypatch.setattr(floor, "_ROUNDS", 2)
    small = {"warmup_steps": 320, "replay_capacity": 320}
    bench = throughput._BENCHES["rainbow"]._replace(replaced=small, untimed_calls=1)
    monkeypatch.setitem(throughput._BENCHES, "rainbow", bench)
    arguments = ["throughput", "--agent", "rainbow", "--group", "3", "--network", "nips", "--steps", "24"]
    _, found = benchmarked(capsys, *arguments)
    assert found["updates_per_step"] == 1 / 12
    assert (found["num_envs"], found["sample_ms"] > 0) == (6, True)
    settings, _ = throughput.settings_of(throughput.parse(arguments[1:]))
    config = settings.config
    assert (config.batch_size, config.encoder_kind, config.hidden_sizes, config.double) == (96, "nips", (256,), False)
    assert throughput.settings_of(throughput.parse([*arguments[1:], "--double"]))[0].config == replace(
        config, double=True
    )


def test_throughput_of_pqn(monkeypatch, capsys):
    from rlab import devices  # noqa: F401, I001 - before all else that brings TensorFlow
    from benchmarks import floor, speed, throughput

    monkeypatch.setattr(speed, "_CALLS", 20)
    monkeypatch.setattr(floor, "_ROUNDS", 2)
    small = {"rollout_steps": 4, "minibatches": 4, "hidden_sizes": (8,), "encoder_kind": "nips"}
    monkeypatch.setitem(throughput._BENCHES, "pqn", throughput._BENCHES["pqn"]._replace(replaced=small))
    _, found = benchmarked(capsys, "throughput", "--agent", "pqn", "--steps", "128")
    assert all(found[name] > 0 for name in ("update_ms", "observe_ms", "act_ms", "emulator_ms", "floor_ms"))
    assert found["updates_per_step"] == 2 * 4 / (4 * 32)


def test_throughput_of_the_random_agent_as_a_user_measures_it():
    command = [sys.executable, SCRIPTS / "benchmark.py", "throughput", "--agent", "random", "--steps", "50"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *lines, last = done.stdout.splitlines()
    found = json.loads(last)
    assert found["steps_per_s"] > 0
    assert found["update_ms"] == found["floor_ms"] == 0
    assert not any(line.startswith("update") for line in lines)
    assert done.stderr == ""


def test_the_work_of_the_peer_is_ours():
    from benchmarks import throughput
    from benchmarks.work import settings_for

    from rlab.config import RunConfig

    def work_of(agent):
        bench = throughput._BENCHES[agent]
        run = RunConfig("ALE/MsPacman-v5", num_envs=bench.num_envs)
        settings, protocol = settings_for(bench.agent, bench.preset, run, **bench.replaced)
        return throughput._work_of_peer(settings, protocol, bench.untimed_calls, bench.steps)

    work = work_of("dqn")
    assert (work.algorithm, work.env, work.num_envs) == ("DQN", "ALE/MsPacman-v5", 1)
    assert (work.frame_skip, work.sticky_actions) == (4, 0.25)
    assert (work.untimed_steps, work.timed_steps) == (10_200, 2000)
    assert work.settings == {
        **{"batch_size": 32, "train_freq": 4, "gradient_steps": 1, "target_update_interval": 1000, "gamma": 0.99},
        **{"learning_rate": 1e-4, "buffer_size": 10_000, "learning_starts": 10_000},
        **{"exploration_initial_eps": 0.01, "exploration_final_eps": 0.01},
    }
    work = work_of("ppo")
    assert (work.algorithm, work.num_envs, work.untimed_steps, work.timed_steps) == ("PPO", 8, 1032, 4096)
    assert work.settings == {
        **{"n_steps": 128, "batch_size": 256, "n_epochs": 4, "gamma": 0.99, "gae_lambda": 0.95, "clip_range": 0.2},
        **{"ent_coef": 0.01, "vf_coef": 0.5, "max_grad_norm": 0.5, "learning_rate": 5e-4},
    }


def test_a_comparison_with_a_peer_gives_the_median_of_the_ratios(monkeypatch, tmp_path, capsys):
    from benchmarks import peer, throughput

    calls = tmp_path / "calls"  # the speeds of each pair come from how many calls there were before
    count = f"calls = open({str(calls)!r}, 'a+'); calls.write('.'); calls.seek(0); n = len(calls.read())"
    ours = script(tmp_path / "ours.py", count, "print('table', n)", "print(json.dumps({'steps_per_s': 100 * n}))")
    script(tmp_path / "sb3.py", count, "print(json.dumps({'steps_per_s': 50, 'torch': sys.argv[1][:6]}))")
    monkeypatch.setattr(peer, "install", lambda: Path(sys.executable))
    monkeypatch.setattr(peer, "_PEERS", tmp_path)
    work = peer.Work("DQN", {"gamma": 0.9}, "Game-v0", 1, 4, 0.25, 300, 50)
    found = peer.compare([sys.executable, str(ours)], work, repeats=3)
    assert found == {"steps_per_s": 300, "peer_steps_per_s": 50, "ratio": 6}  # ours are calls 1, 3 and 5
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "pair 2 of 3: ours 300.0, sb3 50.0 steps/s, ratio 6.00"
    assert "table 3" in lines
    assert "the peer's median: 50.0 steps/s (torch {\"algo)" in lines
    assert lines[-1] == "ratio: least 2.00, median 6.00, most 10.00"
    failing = script(tmp_path / "failing.py", "sys.exit('no memory')")
    with pytest.raises(UserError, match=r"failing.py failed: no memory"):
        peer.compare([sys.executable, str(failing)], work, repeats=1)
    with pytest.raises(UserError, match="stands beside dqn and ppo on Atari"):
        throughput.main(["--agent", "rainbow", "--peer", "sb3"])


def test_beside_a_peer_runs_what_was_asked_for(monkeypatch, capsys):
    from benchmarks import peer, throughput

    monkeypatch.setattr(peer, "compare", lambda ours, work, repeats: [ours[2:], work.timed_steps, repeats])
    throughput.main(["--group", "4", "--double", "--peer=sb3", "--repeats", "2", "--steps", "300"])
    assert json.loads(capsys.readouterr().out) == [["throughput", "--group", "4", "--double", "--steps", "300"], 300, 2]


def test_a_ladder_compares_each_climb_with_its_own_first_rung(monkeypatch, capsys):
    from benchmarks import ladder, peer

    speeds = iter([100.0, 150.0, 50.0, 100.0, 200.0, 250.0])

    def said_by(command):
        assert command[2] == "throughput"
        return f"a table\n{json.dumps({'steps_per_s': next(speeds), 'given': command[3:]})}"

    monkeypatch.setattr(peer, "said_by", said_by)
    rungs = "plain: --agent pqn", "half: --agent pqn --precision mixed_bfloat16"
    ladder.main(["--repeats", "3", "--rungs", *rungs])
    *lines, numbers = capsys.readouterr().out.splitlines()
    assert lines[1] == "climb 1 of 3, half: 150.0 steps/s"
    assert json.loads(numbers)["half"] == {"steps_per_s": 150, "ratio": 1.5, "ratios": [1.5, 2, 1.25]}
    assert lines[-1].split() == ["half", "150.0", "1.50", "1.25", "2.00"]
    with pytest.raises(UserError, match="a rung is a name of its own, a colon and options: received 'fast'"):
        ladder.main(["--rungs", "fast"])
    with pytest.raises(UserError, match="--group and --double are for dqn and rainbow"):
        ladder.main(["--rungs", "more: --agent ppo --group 2"])
    with pytest.raises(UserError, match="unknown environment"):
        ladder.main(["--rungs", "plain: --agent pqn", "elsewhere: --env ALE/Nothing-v5"])
    with pytest.raises(UserError, match="a ladder has rungs: received none"):
        ladder.main(["--rungs"])


def test_what_a_peer_learns_is_told_seed_by_seed(monkeypatch, tmp_path, capsys):
    from benchmarks import learning, peer

    says = "work = json.loads(sys.argv[1]); print(json.dumps({'steps': 1000, 'scores': [work['seed'], 3], **work}))"
    script(tmp_path / "sb3_training.py", says)
    monkeypatch.setattr(peer, "install", lambda: Path(sys.executable))
    monkeypatch.setattr(peer, "_PEERS", tmp_path)
    learning.main(["--algorithm", "DQN", "--minutes", "0.5", "--episodes", "2"])
    *lines, numbers = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("sb3 DQN, seed 2: 1,000 steps in 0.5 minutes; 2 games: mean 2.5 [")
    one, other = json.loads(numbers)
    assert (one["seed"], other["seed"]) == (1, 2)
    assert one["env"] == "ALE/MsPacman-v5"
    assert (one["frame_skip"], one["sticky_actions"], one["episodes"], one["algorithm"]) == (4, 0.25, 2, "DQN")
    with pytest.raises(UserError, match="does not fit CartPole-v1"):
        learning.main(["--env", "CartPole-v1"])


def test_the_floor_counts_what_the_nature_network_multiplies():
    from benchmarks.floor import Machine, act_ms, update_ms

    seeds = Seeds(0)
    network = q_network(nature(FrameStack(84, 84, 4), seeds), ValueHead((512,), 9, seeds))
    first = 20 * 20 * 32 * 8 * 8 * 4
    forward = first + 9 * 9 * 64 * 4 * 4 * 32 + 7 * 7 * 64 * 3 * 3 * 64 + 3136 * 512 + 512 * 9
    assert forward == 9_347_584
    assert act_ms(network, Machine(1e9, 1e9)) == pytest.approx(9.347584)
    arithmetic = 32 * (4 * forward - first) / 1e9
    memory = network.count_params() * 28 / 2e9
    assert update_ms(network, 32, Machine(1e9, 2e9), forward_passes=2) == pytest.approx(1000 * (arithmetic + memory))


def test_a_trainer_is_killed_unless_it_ends_before(monkeypatch, tmp_path):
    from benchmarks import resume

    run = tmp_path / "a run"
    says = [f"print('run: {run}')", "time.sleep(float(sys.argv[1]))", "sys.exit(int(sys.argv[2]) and 'disk full')"]
    monkeypatch.setattr(resume, "_TRAIN", script(tmp_path / "train.py", *says))
    endless = resume.Trainer(["60", "0"])
    assert endless.run == run
    assert endless.kill_after(0.0)
    assert not resume.Trainer(["0", "0"]).kill_after(30.0)
    assert resume.Trainer(["1.0", "0"]).finish() >= 0.5  # from when its run was found, a little late
    talks = "print('more than a pipe holds' * 10_000)"
    monkeypatch.setattr(resume, "_TRAIN", script(tmp_path / "talks.py", says[0], talks))
    assert not resume.Trainer([]).kill_after(30.0)
    monkeypatch.setattr(resume, "_TRAIN", tmp_path / "train.py")
    with pytest.raises(UserError, match=r"train\.py failed: disk full"):
        resume.Trainer(["0", "1"]).kill_after(30.0)


@pytest.mark.parametrize("identical", [True, False])
def test_kills_are_made_up_by_further_runs(monkeypatch, tmp_path, capsys, identical):
    """Of the processes after the whole run, the first is killed and resumed, ends, and so on."""
    from benchmarks import resume

    started = []
    compared = []
    # Each process: what `kill_after` finds, and whether there is a checkpoint then.
    fates = iter([(True, True), (False, True), (True, False), (True, True), (True, True)])

    class Trainer:
        def __init__(self, arguments):
            started.append(arguments[0])
            new = tmp_path / f"run{started.count('dqn')}"
            self.run = Path(arguments[1]) if arguments[0] == "--resume" else new

        def finish(self):
            return 10.0

        def kill_after(self, seconds):
            assert 0 <= seconds <= 10
            killed, saved = next(fates)
            if saved:
                place = self.run / "step_000000005"
                place.mkdir(parents=True, exist_ok=True)
                (place / "manifest.json").write_text(json.dumps({"step": 5, "sha256": {}}))
            return killed

    def same(whole, killed):
        compared.append((whole.name, killed.name))
        return identical or len(compared) > 1

    monkeypatch.setattr(resume, "Trainer", Trainer)
    monkeypatch.setattr(resume, "same", same)
    assert resume.kill_and_resume(resume.Options(kills=4), tmp_path) == identical
    assert started == ["dqn", "dqn", "--resume", "dqn", "dqn", "--resume", "--resume"]
    assert compared == [("run1", "run2"), ("run1", "run4")]
    said = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()[1:]]
    on = "goes on from step 5"
    assert said == [on, "there is no checkpoint yet, begins anew", on, on]


def test_runs_that_differ_are_kept_and_end_with_status_1(monkeypatch, tmp_path, capsys):
    from benchmarks import resume

    monkeypatch.setattr(resume.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    monkeypatch.setattr(resume, "kill_and_resume", lambda options, folder: False)
    with pytest.raises(SystemExit) as stop:
        resume.main(["--kills", "3"])
    assert stop.value.code == 1
    *_, kept, last = capsys.readouterr().out.splitlines()
    assert kept == f"the runs are kept in {tmp_path}"
    assert json.loads(last) == {"kills": 3, "identical": False}
    assert tmp_path.is_dir()


def test_memory(capsys):
    lines, found = benchmarked(capsys, "memory", "--transitions", "300")
    assert found["peer_bytes_per_transition"] == 2 * 84 * 84 * 4
    assert 84 * 84 < found["random_raw"]["bytes_per_transition"] < 84 * 84 + 100
    assert found["random_compressed"]["bytes_per_transition"] < 84 * 84 / 4
    assert found["checkpoint"]["bytes"] > 4 * 1_690_000  # at least the weights
    assert found["checkpoint"]["resume_s"] > 0
    assert any(line.startswith("a checkpoint of 300 transitions: ") for line in lines)


def test_coverage(monkeypatch, capsys):
    from benchmarks import coverage

    monkeypatch.setattr(coverage, "_LARGE", 20_000)
    lines, found = benchmarked(capsys, "coverage", "--samples", "60", "--seeds", "3", "12")
    normal = found["coverage"]["interquartile mean"]["normal"]
    assert 0.6 < normal[0] < 0.9 < normal[1] <= 1
    assert all(0 <= share <= 1 for cases in found["coverage"].values() for shares in cases.values() for share in shares)
    assert (found["samples"], found["seeds"]) == (60, [3, 12])
    assert lines[1].split()[-1] == f"{normal[1]:.1%}"


def test_memory_refuses_the_run_of_another_environment(tmp_path):
    from benchmarks import memory
    from benchmarks.work import settings_for

    from rlab.config import RunConfig

    settings, _ = settings_for("dqn", "control", RunConfig("CartPole-v1"))
    settings.write(tmp_path / "config.json")
    with pytest.raises(UserError, match="--run is not of ALE/MsPacman-v5"):
        memory.main(["--run", str(tmp_path)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which benchmark"),
        (["speed"], "unknown benchmark: received 'speed', allowed are throughput, ladder, learning, resume, memory"),
        (["throughput", "--agent", "sarsa"], "invalid choice 'sarsa'"),
        (["throughput", "--env", "ALE/MsPackman-v5"], "did you mean ALE/MsPacman-v5"),
        (["throughput", "--env", "CartPole-v1"], "an image agent does not fit"),
        (["throughput", "--agent", "ppo", "--group", "2"], "are for dqn and rainbow: received --agent ppo"),
        (["throughput", "--agent", "pqn", "--double"], "are for dqn and rainbow: received --agent pqn"),
        (["throughput", "--agent", "random", "--network", "nips"], "an agent without a network has no --network"),
        (["throughput", "--steps", "-1"], "--steps is out of range"),
        (["resume", "--kills", "0"], "--kills is out of range"),
        (["resume", "--env", "Nowhere-v0"], "unknown environment"),
        (["memory", "--transitions", "3"], "--transitions is out of range"),
        (["memory", "--run", "nowhere"], "not a run"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments, message):
    import benchmark

    with pytest.raises(UserError, match=message):
        benchmark.main(arguments)


def test_a_mistake_is_found_without_tensorflow():
    program = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import benchmark; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
