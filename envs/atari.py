"""Atari: N games at once on ale-py's C++ vector environment, and the re-emulation of a tape on a plain `ALEInterface`.

The two agree bit for bit in rewards, frames and endings. What makes them agree is stated here, because ale-py does not
document it (found on ale-py 0.12, over whole games):

1. A reset with a seed reloads the ROM with that seed, so that a game is a function of seed and actions alone.
2. The vector environment draws 0 to `noop_max - 1` no-ops; the frame counter at the first observation tells how many.
3. It keeps two screens, captures them after the last two frames of a step, and leaves the maximum of both in the first.
   A game that ends inside a step stops there, before the capture: the last observation is made of what those two
   buffers hold, part of it from the step before. `_Picture` keeps the same two buffers.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import ale_py
import cv2
import numpy as np
from ale_py import roms
from ale_py.registration import rom_id_to_name
from ale_py.vector_env import AtariVectorEnv
from gymnasium import spaces

from rlab.protocol import Emulator
from rlab.types import Array, Bools, FrameStack, Moment, Outcome, Start, Tape

SIZE = 84
STACK = 4

ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


@lru_cache
def games() -> dict[str, str]:
    """The ROM of each Atari environment: {"ALE/MsPacman-v5": "ms_pacman", ...}."""
    multiplayer_only = {"combat", "joust", "maze_craze", "warlords"}
    return {f"ALE/{rom_id_to_name(rom)}-v5": rom for rom in roms.get_all_rom_ids() if rom not in multiplayer_only}


class AtariEnvironment:
    """N games of one ROM as an `Environment`; observations are [N, 84, 84, 4] uint8."""

    def __init__(self, name: str, protocol: str, emulator: Emulator, num_envs: int) -> None:
        self.name = name
        self.protocol = protocol
        self.version = version()
        self.num_envs = num_envs
        self.observation_space: spaces.Space[Any] = FrameStack(SIZE, SIZE, STACK)
        self._env = AtariVectorEnv(
            games()[name],
            num_envs,
            batch_size=0,
            num_threads=0,
            thread_affinity_offset=-1,
            max_num_frames_per_episode=emulator.max_frames,
            repeat_action_probability=emulator.sticky_actions,
            full_action_space=emulator.full_action_space,
            continuous=False,
            autoreset_mode="NextStep",
            img_height=SIZE,
            img_width=SIZE,
            grayscale=True,
            stack_num=STACK,
            frameskip=emulator.frame_skip[0],
            maxpool=True,
            noop_max=emulator.noop_max + 1 if emulator.noop_max else 0,
            episodic_life=False,
            life_loss_info=False,
            reward_clipping=False,
            use_fire_reset=False,
        )
        self.action_space: spaces.Space[Any] = spaces.Discrete(len(self._env.ale.get_action_set()))
        self.lives = np.zeros(num_envs, np.int64)
        self._frames = np.zeros(num_envs, np.int64)

    def reset(self, mask: Bools, seeds: Sequence[int]) -> Start:
        observation, info = self._env.reset(seed=np.asarray(seeds), options={"reset_mask": np.array(mask)})
        rows = info["env_id"]
        self.lives[rows] = info["lives"]
        self._frames[rows] = info["episode_frame_number"]
        return Start(_channels_last(observation), np.where(mask, self._frames, 0))

    def step(self, actions: Array) -> Outcome:
        observation, reward, terminated, truncated, info = self._env.step(actions)
        lives = info["lives"].astype(np.int64)
        frames = info["episode_frame_number"].astype(np.int64)
        outcome = Outcome(
            _channels_last(observation),
            reward.astype(np.float32),
            terminated,
            truncated,
            lives < self.lives,
            frames - self._frames,
        )
        self.lives, self._frames = lives, frames
        return outcome

    def close(self) -> None:
        self._env.close()


def version() -> str:
    """What steps the games, as tapes carry it."""
    return f"ale-py {ale_py.__version__}"


def _rom(name: str) -> Path:
    path = roms.get_rom_path(games()[name])
    assert path is not None  # `games` lists those that are there
    return path


def rom_digest(name: str) -> str:
    """The SHA-256 of a game's ROM."""
    return hashlib.sha256(_rom(name).read_bytes()).hexdigest()


def _channels_last(observation: Array) -> Array:
    """[N, 4, H, W] to [N, H, W, 4]; OpenCV interleaves six times as fast as a NumPy copy."""
    num_envs, stack, height, width = observation.shape
    planes = [observation[:, plane].reshape(num_envs * height, width) for plane in range(stack)]
    return np.asarray(cv2.merge(planes)).reshape(num_envs, height, width, stack)


class _Picture:
    """What the vector environment makes of the screens, with the same two buffers (see point 3 above)."""

    def __init__(self, ale: ale_py.ALEInterface) -> None:
        self._ale = ale
        self._screens = [ale.getScreenGrayscale(), np.zeros(ale.getScreenDims(), np.uint8)]
        self.stack = np.zeros((SIZE, SIZE, STACK), np.uint8)
        self._push()

    def capture(self, frames_left: int) -> None:
        """Look at the screen after a frame of a step that has `frames_left` to go and has not ended the game."""
        if frames_left < 2:
            self._ale.getScreenGrayscale(self._screens[frames_left])

    def finish_step(self) -> None:
        np.maximum(self._screens[0], self._screens[1], out=self._screens[0])
        self._push()

    def _push(self) -> None:
        frame = cv2.resize(self._screens[0], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        self.stack = np.concatenate([self.stack[..., 1:], frame[..., None]], axis=-1)


class Emulation:
    """A game of an `AtariEnvironment` on one `ALEInterface`, step by step; `screens` asks for every RGB screen."""

    def __init__(self, name: str, emulator: Emulator, seed: int, start_frames: int, *, screens: bool) -> None:
        self._emulator = emulator
        self._shows = screens
        self._ale = ale = ale_py.ALEInterface()
        ale.setFloat("repeat_action_probability", emulator.sticky_actions)
        ale.setInt("random_seed", seed)
        ale.loadROM(_rom(name))
        ale.reset_game()
        for _ in range(start_frames):
            ale.act(ale_py.Action.NOOP)
        self._actions = ale.getLegalActionSet() if emulator.full_action_space else ale.getMinimalActionSet()
        self._picture = _Picture(ale)
        self._elapsed = 0
        seen = [ale.getScreenRGB()] if screens else []
        self.first = Moment(self._picture.stack, 0.0, False, False, ale.lives(), seen, ale.getRAM())

    def step(self, action: int) -> Moment:
        """The moment after an action, which is one of `AtariEnvironment`'s; the game must not be over."""
        ale, emulator, picture = self._ale, self._emulator, self._picture
        reward = 0
        seen = []
        terminated = truncated = False
        for frames_left in reversed(range(emulator.frame_skip[0])):
            reward += ale.act(self._actions[action])
            self._elapsed += 1
            if self._shows:
                seen.append(ale.getScreenRGB())
            terminated = ale.game_over()
            truncated = not terminated and self._elapsed >= emulator.max_frames
            if terminated or truncated:
                break
            picture.capture(frames_left)
        picture.finish_step()
        return Moment(picture.stack, float(reward), terminated, truncated, ale.lives(), seen, ale.getRAM())


def emulate(tape: Tape, emulator: Emulator, *, screens: bool) -> Iterator[Moment]:
    """Play a tape of an `AtariEnvironment` again; `screens` asks for every RGB screen."""
    game = Emulation(tape.environment, emulator, tape.seed, tape.start_frames, screens=screens)
    yield game.first
    for action in tape.actions:
        yield game.step(action)
