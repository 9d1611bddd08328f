"""What the processor is called, and which instructions it has."""

import platform
import re
from pathlib import Path

_KINDS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8")


def instructions() -> set[str]:
    """Those kinds of instructions among which libraries choose how they compute, as Linux names them; else none."""
    return set(_told().split()) & set(_KINDS)


def name() -> str:
    """The processor's name with its `instructions`."""
    model = re.search(r"model name\s*: (.*)", _told())
    has = instructions()
    return f"{model.group(1) if model else platform.machine()} ({', '.join(kind for kind in _KINDS if kind in has)})"


def _told() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:  # not on Linux
        return ""
