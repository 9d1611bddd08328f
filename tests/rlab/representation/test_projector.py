"""The files for TensorBoard's projector, read as it reads them."""

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from rlab.representation import projector

POINTS = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
PICTURES = np.arange(7, dtype=np.uint8)[:, None, None] + np.zeros((7, 6, 4), np.uint8)
LABELS = {"x": np.array([1.5, np.nan, 2, 3, 4, 5, 6]), "lives": np.array([3, -1, 2, 1, 0, 3, 3])}


@pytest.fixture
def written(tmp_path):
    """The one embedding of a folder, and the folder."""
    projector.write(tmp_path, "some features", POINTS, PICTURES, LABELS)
    config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    return embedding, tmp_path


def test_points_are_features(written):
    embedding, folder = written
    assert embedding.tensor_name == "some features"
    np.testing.assert_allclose(np.loadtxt(folder / embedding.tensor_path, delimiter="\t"), POINTS, rtol=1e-3)


def test_labels_stand_below_their_names_and_are_empty_where_unknown(written):
    embedding, folder = written
    lines = (folder / embedding.metadata_path).read_text().splitlines()
    assert lines[:3] == ["x\tlives", "1.5\t3", "\t"]
    assert len(lines) == 1 + 7


def test_pictures_stand_row_by_row(written):
    embedding, folder = written
    sheet = np.asarray(Image.open(folder / embedding.sprite.image_path))
    width, height = embedding.sprite.single_image_dim
    assert (width, height) == (4, 6)
    side = sheet.shape[1] // width
    tiles = [sheet[row : row + height, column : column + width] for row in (0, 6, 12) for column in (0, 4, 8)]
    assert (side, sheet.shape[0] // height) == (3, 3)
    assert [tile.max() for tile in tiles] == [tile.min() for tile in tiles] == [0, 1, 2, 3, 4, 5, 6, 0, 0]


def test_many_features_become_components_at_the_same_distances(tmp_path):
    many = np.random.default_rng(0).normal(size=(20, 500)).astype(np.float32)
    projector.write(tmp_path, "many", many, np.zeros((20, 4, 4), np.uint8), {"x": np.zeros(20), "y": np.zeros(20)})
    points = np.loadtxt(tmp_path / "tensors.tsv", delimiter="\t")
    assert points.shape == (20, 20)
    for first, second in ((0, 1), (3, 17)):
        distance = np.linalg.norm(many[first] - many[second])
        assert np.linalg.norm(points[first] - points[second]) == pytest.approx(distance, rel=0.01)
