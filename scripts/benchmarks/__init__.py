"""The benchmarks of scripts/benchmark.py, one a module."""
