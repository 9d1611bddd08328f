"""Files with which TensorBoard's projector shows features as points in space, each with its picture and its labels."""

import math
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from google.protobuf import text_format
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from rlab.types import Array

_CONFIG, _TENSORS, _METADATA, _SPRITE = "projector_config.pbtxt", "tensors.tsv", "metadata.tsv", "sprite.png"
_MOST = 200  # of more features than these the projector takes as many random directions


def write(folder: Path, name: str, features: Array, pictures: Array, labels: Mapping[str, Array]) -> None:
    """Show features [P, D] under a name, with pictures [P, H, W] uint8 and labels [P], unknown where NaN or -1.

    Of more than 200 features their first principal components are written. What was in `folder` is replaced; a
    TensorBoard that is open shows it when it is started anew.
    """
    points = _components(features) if features.shape[1] > _MOST else features
    np.savetxt(folder / _TENSORS, points, "%.4g", "\t")
    lines = ["\t".join(labels), *("\t".join(map(_word, values)) for values in zip(*labels.values(), strict=True))]
    (folder / _METADATA).write_text("\n".join(lines) + "\n")
    _, encoded = cv2.imencode(".png", _sheet(pictures))
    (folder / _SPRITE).write_bytes(encoded.tobytes())
    config = ProjectorConfig()
    shown = config.embeddings.add(tensor_name=name, tensor_path=_TENSORS, metadata_path=_METADATA)
    shown.sprite.image_path = _SPRITE
    shown.sprite.single_image_dim.extend(pictures.shape[:0:-1])  # width, height
    (folder / _CONFIG).write_text(text_format.MessageToString(config))


def _components(features: Array) -> Array:
    centred = features - features.mean(axis=0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray((left * lengths)[:, :_MOST])


def _word(value: float) -> str:
    return "" if math.isnan(value) or value == -1 else f"{value:.10g}"


def _sheet(pictures: Array) -> Array:
    """All pictures, row by row, in one."""
    count, height, width = pictures.shape
    side = math.ceil(math.sqrt(count))
    sheet = np.zeros((-(-count // side) * side, height, width), np.uint8)
    sheet[:count] = pictures
    return sheet.reshape(-1, side, height, width).swapaxes(1, 2).reshape(-1, side * width)
