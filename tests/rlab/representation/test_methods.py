"""What every way of learning an encoder does: it learns, the encoder with it, and the same way for the same seed."""

import ast
import dataclasses
import inspect
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from rlab.nets.encoders import make_encoder
from rlab.representation import methods, pretraining
from rlab.representation.batches import batches
from rlab.representation.methods import FitConfig
from rlab.seeding import Seeds
from rlab.tensorboard import EventFile, read_scalars
from rlab.types import FrameStack, UserError
from tests.rlab.representation import made_up, moving

SMALL = {"code_size": 2, "hidden_sizes": (16,)}
each_method = pytest.mark.parametrize("name", methods.names())
SEE_VECTORS = [name for name in methods.names() if name != "sprites"]
PICTURES = moving.pictures()
GAMES = {"pictures": PICTURES, "pictures with residual blocks": PICTURES, "vectors": moving.vectors()}
KINDS = {"pictures": "nature", "pictures with residual blocks": "impala", "vectors": "mlp"}


def fitted(folder, name, seen, **changes):
    """The encoder after a few passes, what it was before, the task and the results."""
    folder.mkdir(exist_ok=True)
    method, games = methods.find(name), GAMES[seen]
    config = method.Config()
    small = {field: value for field, value in SMALL.items() if field in config.__dataclass_fields__}
    keras.utils.set_random_seed(1)
    encoder = make_encoder(KINDS[seen], games.observation_space, (16,), Seeds(1))
    before = encoder.get_weights()
    task = method.make(dataclasses.replace(config, **small), encoder, games, Seeds(1))
    events = EventFile(folder)
    results = pretraining.fit(task, games, FitConfig(**{"epochs": 4, "batch_size": 32, **changes}), events, seed=1)
    events.close()
    return encoder, before, task, results


def test_the_methods_of_the_book_are_there():
    assert set(methods.names()) >= {"autoencoder", "variational", "cloning"}


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        *((name, "pictures") for name in methods.names()),
        *((name, "vectors") for name in SEE_VECTORS),
        ("autoencoder", "pictures with residual blocks"),
    ],
)
def test_it_learns_and_the_encoder_with_it(name, seen, tmp_path):
    encoder, before, _, results = fitted(tmp_path, name, seen)
    losses = dict(read_scalars(tmp_path))["representation/loss_validation"]
    assert [step for step, _ in losses] == [1, 2, 3, 4][: results["passes"]]
    assert min(value for _, value in losses) < losses[0][1]
    assert not any(map(np.array_equal, before, encoder.get_weights()))
    assert np.isfinite(results["loss"])


@each_method
def test_the_same_seed_gives_the_same_encoder(name, tmp_path):
    one, _, _, _ = fitted(tmp_path / "one", name, "pictures", epochs=1)
    other, _, _, _ = fitted(tmp_path / "other", name, "pictures", epochs=1)
    assert all(map(np.array_equal, one.get_weights(), other.get_weights()))


@pytest.mark.parametrize("name", SEE_VECTORS)
def test_the_best_pass_counts_and_patience_ends_it(name, tmp_path):
    """At such a step size it soon gets worse."""
    _, _, task, results = fitted(tmp_path, name, "vectors", epochs=40, patience=1, learning_rate=0.3)
    losses = [value for _, value in read_scalars(tmp_path)["representation/loss_validation"]]
    best = int(np.argmin(losses))
    assert results["passes"] == best + 1 + 1 < 40
    games = GAMES["vectors"]
    again = task.model.evaluate(batches(games, "validation", task.columns, 32), verbose=0, return_dict=True)
    assert again["loss"] == pytest.approx(losses[best], rel=1e-4)


@each_method
def test_its_settings_are_frozen_and_each_has_a_default_and_an_explanation(name):
    kind = methods.find(name).Config
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().anything = 1
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    explained = [
        field.target.id
        for field, below in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    ]
    assert explained == [field.name for field in dataclasses.fields(kind)]
    of_others = {field.name for field in dataclasses.fields(FitConfig)} | {"sources", "steps", "seed", "expert"}
    assert not set(explained) & of_others


def test_finding_a_method_imports_no_tensorflow():
    code = """
import sys
from rlab.representation import methods
for name in methods.names():
    methods.find(name)
print([module for module in ("tensorflow", "keras") if module in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_loss_that_is_no_number_is_told(tmp_path, monkeypatch):
    games = moving.vectors()
    games.frames[5] = np.nan
    monkeypatch.setitem(GAMES, "vectors", games)
    with pytest.raises(UserError, match=r"nothing was learnt: the loss is nan with --learning-rate 0.001"):
        fitted(tmp_path, "autoencoder", "vectors", epochs=1)


def test_an_unknown_method_is_refused_with_a_close_one():
    with pytest.raises(UserError, match=r"received 'autoencodr'; did you mean autoencoder\? allowed are autoencoder, "):
        methods.find("autoencodr")


def test_a_cloned_policy_does_what_was_done(tmp_path):
    """In games that it has not seen, far more often than a guess, of which one in four is right."""
    _, _, task, results = fitted(tmp_path, "cloning", "pictures", epochs=15, patience=15)
    assert task.policy is task.model
    assert results["sparse_categorical_accuracy"] > 0.6


def sprites_task(games, kind="nature", **config):
    encoder = make_encoder(kind, games.observation_space, (16,), Seeds(1))
    method = methods.find("sprites")
    return method.make(method.Config(**config), encoder, games, Seeds(1))


def test_sprites_are_lost_by_what_their_cells_get():
    """The last convolution has one place, which sees 36 x 36 pixels: 9 x 9 cells of 4."""
    task = sprites_task(GAMES["pictures"])
    assert task.model.output.shape[1:] == (9, 9, 1)
    boxes = np.array([[[13, 26, 19, 32]], [[-1, -1, -1, -1]]])  # the middle at 16, 29: row 4, column 7
    undecided = np.zeros((2, 9, 9, 1), np.float32)
    np.testing.assert_allclose(task.loss(boxes, undecided), [np.log(82)] * 2, rtol=1e-6)  # 81 cells and nowhere
    sure = undecided.copy()
    sure[:, 4, 7] = np.log(81)  # 81 of 81 + 80 + 1, and nowhere 1 of 162
    np.testing.assert_allclose(task.loss(boxes, sure), [np.log(2), np.log(162)], rtol=1e-6)


def test_a_sprite_that_moves_by_a_stride_is_the_same_to_cells_so_much_further():
    """Of 84 x 84 pixels 7 x 7 places see 36 each, 8 apart, in 21 x 21 cells; places beyond the edge there are none."""
    frames = np.random.default_rng(0).integers(256, size=(2, 84, 84), dtype=np.uint8)
    games = made_up.make([1], space=FrameStack(84, 84, 1), frames=frames)
    games.boxes = np.zeros((2, 3, 4), np.int64)
    model = sprites_task(games).model
    assert model.output.shape[1:] == (21, 21, 3)
    seen = np.zeros((2, 84, 84, 1), np.uint8)
    seen[0, 30:40, 40:46], seen[1, 38:48, 40:46] = 255, 255
    before, after = np.asarray(model(seen))
    np.testing.assert_allclose(after[10:13], before[8:11], atol=1e-5)
    assert np.ptp(before[8:11]) > 1e-3


def test_sprites_are_found_in_games_that_were_not_learnt_from(tmp_path):
    _, _, task, _ = fitted(tmp_path, "sprites", "pictures", epochs=40, patience=40)
    games = GAMES["pictures"]
    test = games.steps("test")
    found = np.asarray(task.model(games.observations(test))).reshape(len(test), 81).argmax(axis=1)
    middle = (games.boxes[test, 0, :2] + games.boxes[test, 0, 2:]) / 2
    off = np.abs(np.stack(np.divmod(found, 9), axis=1) * 4 + 2 - middle)
    assert off.mean() < 4  # whoever says the middle is off by 8


def test_sprites_are_looked_for_in_pictures_where_somebody_knows_them():
    with pytest.raises(UserError, match="nobody knows where the sprites of Made-v0 are"):
        sprites_task(GAMES["vectors"], "mlp")
    vectors = moving.vectors()
    vectors.boxes = np.zeros((len(vectors), 1, 4), np.int64)
    with pytest.raises(UserError, match="received an mlp_encoder, allowed are convolutions"):
        sprites_task(vectors, "mlp")
    with pytest.raises(UserError, match=r"--cell-pixels has to divide .* nature_encoder, 8 pixels: received 3"):
        sprites_task(GAMES["pictures"], cell_pixels=3)


def test_codes_of_a_variational_autoencoder_come_close_to_the_standard_normal_distribution(tmp_path):
    """With a large beta they are that, whatever is seen."""
    games = GAMES["pictures"]
    spread = []
    for beta in (0.0, 1000.0):
        keras.utils.set_random_seed(1)
        encoder = make_encoder("nature", games.observation_space, (), Seeds(1))
        method = methods.find("variational")
        task = method.make(method.Config(code_size=2, beta=beta), encoder, games, Seeds(1))
        (tmp_path / str(beta)).mkdir()
        pretraining.fit(task, games, FitConfig(epochs=4), EventFile(tmp_path / str(beta)), seed=1)
        mean = keras.Model(task.model.input, task.model.get_layer("mean").output)
        spread.append(np.asarray(mean(games.observations(games.steps("test")))).std())
    assert spread[1] < 0.5 * spread[0]


def test_a_code_is_drawn_in_training_and_its_mean_elsewhere():
    from rlab.representation.codes import NormalCode

    layer = NormalCode(weight=2.0, seed=3)
    mean, log_variance = np.full((4, 3), 1.5, np.float32), np.log(np.full((4, 3), 0.25, np.float32))
    assert np.array_equal(layer([mean, log_variance], training=False), mean)
    drawn = np.stack([np.asarray(layer([mean, log_variance], training=True)) for _ in range(500)])
    assert drawn.mean() == pytest.approx(1.5, abs=0.05)
    assert drawn.std() == pytest.approx(0.5, abs=0.05)
    # Of each of three numbers: half of 1.5 ** 2 + 0.25 - 1 - log(0.25); twice their sum.
    layer([mean, log_variance])
    assert float(layer.losses[-1]) == pytest.approx(2 * 3 * 0.5 * (2.25 + 0.25 - 1 - np.log(0.25)), rel=1e-5)
