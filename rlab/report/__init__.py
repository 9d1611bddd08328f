"""What people look at: scores, comparisons, videos, progress."""
