"""Pure functions on tensors: the mathematics of learning."""
