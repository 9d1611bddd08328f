"""Numbers that change with the step count."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Linear:
    """From `start` to `end` over `steps`, then `end`."""

    start: float
    end: float
    steps: int

    def __call__(self, step: int) -> float:
        if step >= self.steps:
            return self.end
        return self.start + step / self.steps * (self.end - self.start)
