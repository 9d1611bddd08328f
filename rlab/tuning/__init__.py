"""Searches the settings of an agent: what is searched, the trials of it, and how they came out.

`space` reads what is searched, `values` how a value is written, `plan` keeps what a search is about, `study` has Optuna
propose and give up trials, `trainings` trains them, `table` shows what came of all. Only `study` knows Optuna.
"""
