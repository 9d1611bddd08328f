"""A variational autoencoder, convolutional for images: its codes are normal distributions, close to the standard one.

Source: Kingma and Welling (2014), Auto-Encoding Variational Bayes; Higgins et al. (2017), beta-VAE; Hands-On Machine
Learning (first edition), chapter 15, "Variational Autoencoders", in the form with logarithms of variances.
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
    """A variational autoencoder."""

    code_size: int = 5
    """Dimensions of the code: for each of the 7x7 places of Nature's last convolution, or, where there are no
    convolutions, in all. Higher: sharper pictures; what is not needed is switched off by beta."""
    beta: float = 1.0
    """Weight of the codes' divergence from the standard normal distribution, against pixels with a deviation of 0.1.
    Higher: smoother and more independent codes, blurred pictures."""
    emphasis: float = 3.0
    """How much more a pixel counts that differs from the median picture. Higher: sprites, which are a few pixels each,
    come out clearer, the background less so."""

    def __post_init__(self) -> None:
        check_range("code_size", self.code_size, 1)
        check_range("beta", self.beta, 0)
        check_range("emphasis", self.emphasis, 0)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A model that draws what it sees again, through a code that is drawn from a distribution."""
    import keras

    from rlab.representation import pictures
    from rlab.representation.codes import NormalCode

    look = pictures.look(games)
    mean = pictures.squeeze(encoder, config.code_size, name="mean")
    log_variance = pictures.squeeze(encoder, config.code_size, name="log_variance")
    # The loss is a mean over pixels, of which there are so many; half the squared error over 0.1 ** 2 is theirs.
    weight = config.beta * 2 * 0.1**2 / look.middle.size
    code = NormalCode(weight, seeds.integer("code"), dtype="float32", name="code")([mean, log_variance])
    model = keras.Model(encoder.input, pictures.draw(code, encoder, look))
    return Task(model, ("observation", "observation"), pictures.error(look, config.emphasis), code=code)
