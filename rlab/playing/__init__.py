"""A person plays: keys become actions, the screens a window, and the games tapes like everybody else's."""
