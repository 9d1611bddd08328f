"""The watch page: games of runs with what the agents thought, played again from their tapes when somebody looks.

`library` answers what the page asks for; `server` serves it, `folder` writes it down for a place without one. The page
itself is in `page/`. Nothing is stored while training: what was prepared once stands in <run>/watch/, which may be
deleted at any time.
"""
