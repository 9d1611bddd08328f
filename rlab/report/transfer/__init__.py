"""Does what was learnt before help an agent? The plan of a comparison, its runs, what is measured, and the report.

`plan` says what is compared, `runs` finds what is there of it, `work` does the rest; `curves` measures a run, `paired`
compares seeds, `findings` puts a task together and `words` says which way it came out.
"""
