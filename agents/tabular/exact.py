"""What a table of action values should hold, where the environment tells its transitions."""

from rlab.ops.dynamic_programming import make_backup, optimal_action_values
from rlab.ops.tabular import errors
from rlab.types import Array, Metrics, Model


class Exact:
    """The best action values of a model, and how far others are from them. gamma is below 1."""

    def __init__(self, model: Model, gamma: float) -> None:
        backup = make_backup(model.probability, model.successor, model.reward, gamma * model.discount)
        self.action_values = optimal_action_values(backup)  # [S, A]
        self._learnable = model.reachable[:, None] & model.legal

    def errors(self, action_values: Array) -> Metrics:
        """The largest and the root mean square distance of action values [S, A], over what an agent can try."""
        return errors(action_values[self._learnable], self.action_values[self._learnable])
