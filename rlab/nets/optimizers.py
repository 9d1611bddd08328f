"""Optimizers by name."""

import keras


def make_optimizer(name: str, learning_rate: float, epsilon: float) -> keras.optimizers.Optimizer:
    """ "adam"; "rmsprop", centred with decay 0.95 and no momentum, or "nesterov", momentum 0.95 without `epsilon`.

    Source: Kingma and Ba (2015); Mnih et al. (2015), extended data table 1; Hands-On Machine Learning, chapter 16.
    """
    if name == "adam":
        return keras.optimizers.Adam(learning_rate, epsilon=epsilon)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(learning_rate, rho=0.95, epsilon=epsilon, centered=True)
    return keras.optimizers.SGD(learning_rate, momentum=0.95, nesterov=True)
