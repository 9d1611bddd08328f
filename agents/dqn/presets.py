"""Settings of DQN that go together. Importing this loads no TensorFlow."""

from dataclasses import replace

from agents.dqn.config import Config
from rlab.config import Preset

_FAST = Config(
    double=True,
    n_steps=3,
    learning_rate=5e-4,
    optimizer_epsilon=1e-5,
    batch_size=128,
    update_period_steps=16,
    target_period_updates=500,
    warmup_steps=4_000,
    replay_capacity=300_000,
    epsilon_end=0.01,
    epsilon_decay_steps=60_000,
)

_SMALL = replace(
    _FAST, encoder_kind="nips", hidden_sizes=(256,), reward_clipping=False, reward_log=True, reward_scale=0.1
)

_TWO_CORES = {"num_envs": 8, "life_loss_ends_value": True, "precision": "auto"}

PRESETS = {
    "fast": Preset(_FAST, "ALE/*", _TWO_CORES),
    "half_hour": Preset(
        replace(_SMALL, average_rate=0.001), "ALE/*", {**_TWO_CORES, "steps": 5_000_000, "minutes": 30.0}
    ),
    "efficient": Preset(
        replace(_SMALL, average_rate=0.002, update_period_steps=8, warmup_steps=2_000, epsilon_decay_steps=20_000),
        "ALE/*",
        {**_TWO_CORES, "steps": 100_000},
    ),
    "rainbow": Preset(
        Config(
            double=True,
            dueling=True,
            noise=0.5,
            returns="categorical",
            n_steps=3,
            learning_rate=2.5e-4,  # the paper's 6.25e-5 for four times its batch
            optimizer_epsilon=1.5e-4,
            batch_size=128,
            update_period_steps=16,
            target_period_updates=500,
            warmup_steps=4_000,
            priority_exponent=0.5,
            importance_steps=50_000_000,
            epsilon_start=0.0,
            epsilon_end=0.0,
        ),
        "ALE/*",
        _TWO_CORES,
    ),
    "iqn": Preset(
        replace(_SMALL, double=False, returns="implicit", return_numbers=8, average_rate=0.001),
        "ALE/*",
        _TWO_CORES,
    ),
    "paper": Preset(
        Config(optimizer="rmsprop", optimizer_epsilon=0.01 / 32**2),  # theirs is for the sum over a batch, not its mean
        "ALE/*",
        {"protocol": "classic", "life_loss_ends_value": True},
    ),
    "book": Preset(
        Config(
            encoder_kind="book",
            optimizer="nesterov",
            learning_rate=2e-3,  # the book's 0.001 on a loss of twice Huber's
            batch_size=50,
            warmup_steps=10_000,
            replay_capacity=500_000,
            reward_clipping=False,
            epsilon_decay_steps=8_000_000,
        ),
        "ALE/MsPacman-v5",
        {"protocol": "book"},
    ),
    "book_pong": Preset(
        Config(
            gamma=0.95,
            optimizer="nesterov",
            learning_rate=2e-3,  # the book's 0.001 on the whole squared error, not half of it
            batch_size=50,
            warmup_steps=100_000,
            replay_capacity=200_000,
            reward_clipping=False,
            epsilon_decay_steps=24_000_000,  # the book's 6 million updates
        ),
        "ALE/Pong-v5",
        {"protocol": "book_pong"},
    ),
    "control": Preset(
        Config(
            encoder_kind="mlp",
            encoder_sizes=(128,),
            hidden_sizes=(128,),
            double=True,
            learning_rate=1e-3,
            batch_size=64,
            update_period_steps=2,
            target_period_updates=250,
            warmup_steps=1_000,
            replay_capacity=50_000,
            reward_clipping=False,
            epsilon_end=0.05,
            epsilon_decay_steps=10_000,
        ),
    ),
}
