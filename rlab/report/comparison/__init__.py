"""Runs side by side: which may be compared, in groups over seeds, and how a comparison is shown."""
