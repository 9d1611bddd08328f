"""Where and how TensorFlow computes: one place for GPU memory, number format, XLA, threads and determinism.

The defaults were chosen by measurement on two cores: with batch 32 XLA makes an update of the Nature network about 10%
slower than the plain graph.
"""

import contextlib
import ctypes
import dataclasses
import os
import sys
from collections.abc import Callable
from typing import Any

from rlab import processor
from rlab.config import RunConfig
from rlab.types import UserError

# Where they are installed Keras loads these for wrappers that nothing here uses, which takes a quarter of its start.
_UNUSED_BY_KERAS = ("matplotlib", "sklearn")

_stderr = os.dup(2)
with open(os.devnull, "w") as _nowhere:
    os.dup2(_nowhere.fileno(), 2)  # what TensorFlow says as it starts, no setting silences
_hidden = [_name for _name in _UNUSED_BY_KERAS if _name not in sys.modules]
sys.modules.update(dict.fromkeys(_hidden))  # type: ignore[arg-type]  # None: as if it were not installed
try:
    import keras
    import tensorflow as tf
finally:
    for _name in _hidden:
        del sys.modules[_name]
    os.dup2(_stderr, 2)
    os.close(_stderr)

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # from malloc.h
_xla = False


def resolve(config: RunConfig) -> RunConfig:
    """The settings with what "auto" comes to on this machine: a fact about the processor, never a timing."""
    if config.precision != "auto":
        return config
    native = processor.instructions() & {"avx512_bf16", "amx_bf16"} and not tf.config.list_physical_devices("GPU")
    return dataclasses.replace(config, precision="mixed_bfloat16" if native else "float32")


def configure(config: RunConfig) -> str:
    """Set TensorFlow up for a run, before it is used; return what it computes on, in words.

    Raises UserError if the process has used TensorFlow before with other settings.
    """
    try:
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
        if config.threads:
            tf.config.threading.set_intra_op_parallelism_threads(config.threads)
            tf.config.threading.set_inter_op_parallelism_threads(config.threads)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
    except RuntimeError as error:
        raise UserError(f"TensorFlow is in use with other settings: {error}") from error
    global _xla
    _xla = config.xla
    _keep_freed_memory()
    set_precision(config)
    return describe()


def set_precision(config: RunConfig) -> None:
    """Let networks that are made from now on compute in the number format of a run."""
    keras.mixed_precision.set_global_policy(resolve(config).precision)


def _keep_freed_memory() -> None:
    """Let the C library keep what is freed, where it is glibc.

    Updates and samples allocate the same megabytes each time. By default they are handed back to the system and fetched
    again page by page, which made some processes sample five times as slowly as others.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_MMAP_THRESHOLD, 2**30)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**30)


def describe() -> str:
    """What TensorFlow computes on."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
        return f"GPU: {', '.join(names)}"
    return f"CPU: {os.cpu_count()} cores, no GPU found"


def scope() -> Any:
    """The context in which variables are made, so that a distribution strategy can take them over."""
    return tf.distribute.get_strategy().scope()


def function(body: Callable[..., Any], *signature: tf.TensorSpec, acting: bool = False) -> Callable[..., Any]:
    """`body` as one graph, traced once for fixed shapes; a call passes tensors of just these.

    `acting` says that it is a network's forward pass on few observations. In float32 XLA takes a third off the time of
    that; in bfloat16, on a CPU, it would take several times as long. What depends on values is written as TensorFlow's
    own conditions and loops: without the translation of Python's a function is traced in less time.
    """
    float32 = keras.mixed_precision.global_policy().name == "float32"
    traced = tf.function(body, autograph=False, jit_compile=_xla or (acting and float32))
    concrete = traced.get_concrete_function(*signature)
    # Called as `concrete(...)`, TensorFlow would check arguments and look for gradients each time, for 50 to 90 us.
    inference, variables = concrete.inference_fn, concrete.captured_inputs

    def call(*arrays: Any) -> Any:
        return inference.call_preflattened([*map(tf.convert_to_tensor, arrays), *variables])

    return call


def graph_of(network: keras.Model) -> bytes:
    """The graph of a network on one observation, as a serialised GraphDef for TensorBoard."""
    signature = [tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype) for tensor in network.inputs]
    traced = tf.function(lambda *inputs: network(*inputs), autograph=False).get_concrete_function(*signature)
    graph = traced.graph.as_graph_def()
    for node in graph.node:
        node.attr.pop("_gradient_op_type", None)  # of a custom gradient: numbered anew by each process and each trace
    return bytes(graph.SerializeToString(deterministic=True))
