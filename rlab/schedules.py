"""Numbers that change with the step count."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Linear:
    """From `start` to `end` over `steps`, then `end`."""

    start: float
    end: float
    steps: int

    def __call__(self, step: int) -> float:
        fraction = min(step / self.steps, 1.0) if self.steps > 0 else 1.0
        return self.start + fraction * (self.end - self.start)
