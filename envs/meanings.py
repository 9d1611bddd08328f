"""What the actions of Gymnasium's own environments are called, in the words that ale-py has for those of Atari games.

Source: Gymnasium's documentation of each environment, "Action Space".
"""

_LEFT_OR_RIGHT = ("LEFT", "NOOP", "RIGHT")
_ACROSS_A_LAKE = ("LEFT", "DOWN", "RIGHT", "UP")
_ALONG_A_CLIFF = ("UP", "RIGHT", "DOWN", "LEFT")

MEANINGS = {
    "Acrobot-v1": _LEFT_OR_RIGHT,
    "CartPole-v0": ("LEFT", "RIGHT"),
    "CartPole-v1": ("LEFT", "RIGHT"),
    "CliffWalking-v1": _ALONG_A_CLIFF,
    "CliffWalkingSlippery-v1": _ALONG_A_CLIFF,
    "FrozenLake-v1": _ACROSS_A_LAKE,
    "FrozenLake8x8-v1": _ACROSS_A_LAKE,
    "LunarLander-v3": ("NOOP", "LEFT", "UP", "RIGHT"),
    "MountainCar-v0": _LEFT_OR_RIGHT,
    "Taxi-v4": ("DOWN", "UP", "RIGHT", "LEFT", "PICK UP", "DROP OFF"),
}
