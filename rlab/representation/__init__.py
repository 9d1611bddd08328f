"""Learning encoders: recorded games as data, and ways to learn from them."""
