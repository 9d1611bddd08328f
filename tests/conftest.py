"""What holds for all tests, and for every process that they start."""

import os

# Tests compile many networks and run each but a few times: with all its optimisations XLA takes four times as long.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
# Their processes share the cores already, and threads that wait for each other keep the cores from those that work.
for _name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
