"""Does what was learnt before help an agent? The plan of a comparison, its runs, what is measured, and the report.

`plan` says what is compared, `runs` finds what is there of it, `rlab.jobs.work` does the rest. `curves` measures a run,
`paired` compares seeds, `outcomes` puts an arm together, `findings` a task and `summary` several. `words` says which
way it came out.
"""
