"""A stacked autoencoder, convolutional for images: squeeze what is seen through a short code and draw it again.

Source: Masci et al. (2011), Stacked convolutional auto-encoders; Hands-On Machine Learning (first edition), chapter 15,
"Stacked Autoencoders".
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
    """A stacked autoencoder."""

    code_size: int = 5
    """Numbers that what is seen is squeezed into: for each of the 7x7 places of Nature's last convolution, or, where
    there are no convolutions, in all. Higher: sharper pictures, less that has to be understood."""
    emphasis: float = 3.0
    """How much more a pixel counts that differs from the median picture. Higher: sprites, which are a few pixels each,
    come out clearer, the background less so."""

    def __post_init__(self) -> None:
        check_range("code_size", self.code_size, 1)
        check_range("emphasis", self.emphasis, 0)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A model that draws what it sees again, through a code of few numbers."""
    import keras

    from rlab.representation import pictures

    look = pictures.look(games)
    code = pictures.squeeze(encoder, config.code_size, name="code")
    model = keras.Model(encoder.input, pictures.draw(code, encoder, look))
    return Task(model, ("observation", "observation"), pictures.error(look, config.emphasis), code=code)
