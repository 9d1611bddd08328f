"""How well pictures of games that were not trained on are drawn again: overall, inside the sprites, and beside PCA.

A ghost is a few pixels of many thousands: an autoencoder may lose all four of them and still have a small error. So the
error inside the boxes around them stands beside the overall one, and beside both that of a principal component analysis
with as many numbers for a code.
"""

from collections.abc import Callable

import cv2
import numpy as np

from rlab.report.scores import mean_interval
from rlab.representation.games import Games
from rlab.types import Array

_BATCH = 256
_PCA_MOMENTS = 5_000  # that principal components are found from
Draw = Callable[[Array], Array]  # observations [B, *O], raw, to what is drawn of them [B, *O], raw / 255


def compare(games: Games, moments: Array, boxes: Array | None, draw: Draw, code_size: int) -> dict[str, list[float]]:
    """Errors at `moments` [K] of what `draw` makes of images, and of PCA with `code_size` components.

    `boxes` [M, S, 4] are the sprites' top, left, bottom and right at every moment of the games, -1 where there is none.
    Each value is a mean over games of the newest frame's mean squared error, pixels in [0, 1], with its 95% interval.
    """
    found = _errors(games, moments, boxes, draw)
    found |= {f"pca_{name}": error for name, error in _errors(games, moments, boxes, _pca(games, code_size)).items()}
    return found


def _errors(games: Games, moments: Array, boxes: Array | None, draw: Draw) -> dict[str, list[float]]:
    whole, inside = [], []
    for start in range(0, len(moments), _BATCH):
        chosen = moments[start : start + _BATCH]
        seen = games.observations(chosen)
        square = np.square(draw(seen)[..., -1] - seen[..., -1] / np.float32(255))  # [B, H, W]
        whole.append(square.mean(axis=(1, 2)))
        if boxes is not None:
            mask = in_boxes(boxes[chosen], square.shape[1:3])
            covered = mask.sum(axis=(1, 2))
            inside.append(np.where(covered > 0, (square * mask).sum(axis=(1, 2)) / np.maximum(covered, 1), np.nan))
    found = {"error": _by_game(games, moments, np.concatenate(whole))}
    if inside:
        found["error_in_sprites"] = _by_game(games, moments, np.concatenate(inside))
    return found


def _by_game(games: Games, moments: Array, error: Array) -> list[float]:
    """Mean, low and high over the means of the games."""
    game = games.game[moments]
    means = [
        np.nanmean(error[game == number]) for number in np.unique(game) if np.isfinite(error[game == number]).any()
    ]
    return list(mean_interval(means))


def in_boxes(boxes: Array, size: tuple[int, ...]) -> Array:
    """Which pixels [B, H, W] lie in any of the boxes [B, S, 4] of their picture."""
    rows, columns = (np.arange(length) for length in size[:2])
    top, left, bottom, right = (boxes[..., side, None] for side in range(4))  # [B, S, 1]
    down, across = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    return np.asarray((down[..., None] & across[:, :, None, :]).any(axis=1))


def _pca(games: Games, components: int) -> Draw:
    """What principal components of the games that are trained on draw."""
    from sklearn.decomposition import PCA

    steps = games.steps("train")
    chosen = steps[np.linspace(0, len(steps) - 1, min(_PCA_MOMENTS, len(steps))).astype(np.int64)]
    seen = games.observations(chosen).reshape(len(chosen), -1).astype(np.float32) / 255
    pca = PCA(min(components, *seen.shape), svd_solver="randomized", iterated_power=3, random_state=0).fit(seen)

    def draw(observations: Array) -> Array:
        flat = observations.reshape(len(observations), -1).astype(np.float32) / 255
        return np.asarray(pca.inverse_transform(pca.transform(flat)), np.float32).reshape(observations.shape)

    return draw


def sheet(seen: Array, drawn: Array) -> tuple[bytes, int, int]:
    """The newest frames of observations [B, H, W, C], raw, above those drawn of them: a PNG, its height and width."""
    rows = [seen[..., -1].astype(np.float32) / 255, drawn[..., -1]]
    picture = np.concatenate([np.concatenate(list(np.pad(row, ((0, 0), (1, 1), (1, 1)))), axis=1) for row in rows])
    picture = np.repeat(np.repeat((255 * np.clip(picture, 0, 1)).astype(np.uint8), 2, axis=0), 2, axis=1)
    _, encoded = cv2.imencode(".png", picture)
    return encoded.tobytes(), *picture.shape
