"""A denoising autoencoder: draw what was seen from what is left of it when numbers were blotted out at random.

Source: Vincent et al. (2010), Stacked Denoising Autoencoders; Hands-On Machine Learning (first edition), chapter 15,
"Denoising Autoencoders", the form with dropout.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlab.config import check_range
from rlab.representation.methods import Task
from rlab.seeding import Seeds

if TYPE_CHECKING:
    import keras

    from rlab.representation.games import Games


@dataclass(frozen=True)
class Config:
    """A denoising autoencoder."""

    blotted_fraction: float = 0.3
    """Share of the numbers that are 0 in what is seen. Higher: more has to be inferred from what is around."""
    code_size: int = 5
    """Numbers that what is seen is squeezed into, as in `autoencoder`."""
    emphasis: float = 3.0
    """How much more a pixel counts that differs from the median picture, as in `autoencoder`."""

    def __post_init__(self) -> None:
        check_range("blotted_fraction", self.blotted_fraction, 0, 0.99)
        check_range("code_size", self.code_size, 1)
        check_range("emphasis", self.emphasis, 0)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A model that draws what it sees again, where something is blotted out of it while it learns."""
    import keras

    from rlab.representation import pictures

    look = pictures.look(games)
    code = pictures.squeeze(encoder, config.code_size, name="code")
    autoencoder = keras.Model(encoder.input, pictures.draw(code, encoder, look))
    seen = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype)
    blots = keras.layers.Dropout(config.blotted_fraction, seed=seeds.integer("blots"), dtype="float32")
    left = keras.ops.where(blots(keras.ops.ones_like(seen, "float32")) > 0, seen, keras.ops.zeros_like(seen))
    model = keras.Model(seen, autoencoder(left))
    return Task(model, ("observation", "observation"), pictures.error(look, config.emphasis), code=code)
