"""The core of the lab: loop, replay, tapes, checkpoints, networks. It knows neither agents nor environments."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow is chatty about processors and missing GPUs
