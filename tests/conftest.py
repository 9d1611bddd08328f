"""What holds for all tests, and for every process that they start."""

import os

# Tests compile many networks and run each but a few times: with all its optimisations XLA takes four times as long.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
