"""Sampled images as they might as well have been: moved a little, and a little brighter or darker.

What is learnt from a picture then has to hold for others like it too, so that it is not learnt by heart. Changes are
drawn anew each time that a transition is sampled, for its observation and its successor apart; the frames of a stack
change together.
Source: Kostrikov et al. (2020), Image Augmentation Is All You Need, section 3.1 and appendix, for shifts; Schwarzer et
al. (2021), Data-Efficient Reinforcement Learning with Self-Predictive Representations, for intensities.
Departs: intensities are rounded to whole ones and end at white, as images stay uint8.
"""

import cv2
import numpy as np

from rlab.types import Array, Batch


def augmented(batch: Batch, random: np.random.Generator, *, shift: int, intensity: float) -> Batch:
    """A batch of images [B, H, W, C] uint8 that are moved by up to `shift` pixels and multiplied by 1 + `intensity` z.

    The offsets are uniform; z is drawn from a standard normal distribution and cut to [-2, 2]. Nothing is drawn where
    `shift` or `intensity` is 0.
    """

    def changed(images: Array) -> Array:
        size = len(images)
        if shift:
            images = shifted(images, random.integers(-shift, shift + 1, (size, 2)))
        if intensity:
            images = multiplied(images, 1 + intensity * random.standard_normal(size).clip(-2, 2))
        return images

    return batch._replace(observation=changed(batch.observation), next_observation=changed(batch.next_observation))


def shifted(images: Array, offsets: Array) -> Array:
    """What windows show of images [B, H, W, C] that are moved by `offsets` [B, 2] pixels, down and to the right.

    Beyond an edge they show its pixels once more.
    """
    height, width = images.shape[1:3]
    pad = int(np.abs(offsets).max())
    wide = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), "edge")
    corners = (offsets + pad).tolist()
    return np.stack([one[y : y + height, x : x + width] for one, (y, x) in zip(wide, corners, strict=True)])


def multiplied(images: Array, factors: Array) -> Array:
    """Images [B, *I] uint8 times `factors` [B] of 0 or more, rounded and cut to 255."""
    tables = np.minimum(np.rint(np.arange(256) * factors[:, None]), 255).astype(np.uint8)  # what becomes of each value
    changed = [cv2.LUT(image, table) for image, table in zip(images, tables, strict=True)]
    return np.stack(changed).reshape(images.shape)  # cv2 drops a single channel
