"""Trainings of several runs by one command, which when called again goes on where it was stopped.

`planned` keeps what a folder of runs is about, `wanted` finds a run and what is left to do of it, `work` does what is
left, several at a time; `series` is the simplest use, one run for each seed. `rlab.tuning` and `rlab.report.transfer`
are others.
"""
