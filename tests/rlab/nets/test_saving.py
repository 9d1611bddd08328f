"""Keras files: what is saved is loaded bit for bit, and whatever else stands in a file is refused and does nothing."""

import base64
import copy
import io
import json
import marshal
import os
import zipfile
import zlib

import h5py
import keras
import numpy as np
import pytest
from gymnasium import spaces

from rlab.nets.encoders import mlp, nature
from rlab.nets.heads import action_values
from rlab.nets.saving import load_model, save_model
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
FIRST_KERNEL = "layers/functional/layers/dense/vars/0"
HEAD = "layers/dense/vars"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The members of a good file, by name."""
    path = tmp_path_factory.mktemp("saved") / "network.keras"
    save_model(action_values(mlp(spaces.Box(-1, 1, (3,)), (4,), Seeds(0)), (5,), 2, Seeds(0)), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def config(saved):
    return json.loads(saved[CONFIG])


@pytest.fixture
def write(saved, tmp_path):
    """Write the good file with other members; None leaves one out."""

    def write(name="network.keras", **changes):
        members = {**saved, **{CONFIG if key == "config" else WEIGHTS: value for key, value in changes.items()}}
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, content in members.items():
                if content is not None:
                    archive.writestr(member, json.dumps(content) if isinstance(content, dict | list) else content)
        return tmp_path / name

    return write


def refusal(path):
    """The line that says why a file is not loaded."""
    with pytest.raises(UserError) as refused:
        load_model(path)
    message = str(refused.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_the_good_file_is_loaded(write):
    """Without this, the others might be refused for what they have in common."""
    assert load_model(write()).count_params() == (3 + 1) * 4 + (4 + 1) * 5 + (5 + 1) * 2


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(
    ("encoder", "space"),
    [
        (nature, FrameStack(36, 36, 4)),
        (lambda space, seeds: mlp(space, (6, 5), seeds), spaces.Box(-1, 1, (3,))),
        (lambda space, seeds: mlp(space, (6,), seeds), spaces.Discrete(7)),
        (lambda space, seeds: mlp(space, (6,), seeds), spaces.Box(0, 255, (4, 4, 3), np.uint8)),
    ],
    ids=["nature", "vector", "discrete", "small image"],
)
def test_what_is_saved_is_loaded_bit_for_bit(tmp_path, encoder, space, precision):
    keras.mixed_precision.set_global_policy(precision)
    try:
        network = action_values(encoder(space, Seeds(3)), (8,), 4, Seeds(3))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    save_model(network, tmp_path / "network.keras")
    loaded = load_model(tmp_path / "network.keras")
    for weight, again in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(again, weight)
    space.seed(0)
    observations = np.stack([space.sample() for _ in range(5)])
    np.testing.assert_array_equal(loaded(observations), network(observations))
    assert loaded.input.dtype == network.input.dtype


# Files that name something: each of these appears in a place where Keras looks for the name of a class or a function.


def named(module, name, config=None, **rest):
    return {"module": module, "class_name": name, "config": {} if config is None else config, **rest}


def function(module, name):
    return named(module, "function", name, registered_name=name)


def code(*, name="__lambda__", module=None):
    """A function as Keras keeps one in a file. It leaves a folder called `ran` where it was called."""

    def run(x):
        import os

        os.mkdir("ran")
        return x

    dumped = base64.b64encode(marshal.dumps(run.__code__)).decode()
    return {"module": module, **named(module, name, {"code": dumped, "defaults": None, "closure": None})}


def layer(module, name, config, **arguments):
    """A layer beside the others; `arguments` are what it is called with while the file is loaded."""
    nodes = [{"args": [], "kwargs": arguments}]
    return named(module, name, {"name": "guest", **config}, name="guest", inbound_nodes=nodes)


def with_layer(config, guest):
    config = copy.deepcopy(config)
    config["config"]["layers"].append(guest)
    return config


CALLABLES = {
    "os.system": function("os", "system"),
    "posix.system": function("posix", "system"),
    "builtins.eval": function("builtins", "eval"),
    "builtins.exec as a class": named("builtins", "exec"),
    "subprocess.Popen": named("subprocess", "Popen", {"args": ["mkdir", "ran"]}),
    "a function of Keras's inside": function("keras.src.utils.file_utils", "get_file"),
    "a class of Keras's inside": named("keras.src.utils.file_utils", "get_file"),
    "keras.utils.get_file": function("keras.utils", "get_file"),
    "a module that is another": function("keras", "utils.get_file"),
    "a class in a module that is another": named("keras", "utils.get_file"),
    "a setting of Keras": function("keras", "config.set_floatx"),
    "a setting of Keras as a class": named("keras", "config.set_floatx"),
    "a loader of Keras": function("keras.saving", "load_model"),
    "a data set of Keras": function("keras", "datasets.mnist.load_data"),
    "a function of keras.layers": function("keras.layers", "deserialize"),
    "a function of keras.layers as a class": named("keras.layers", "deserialize"),
    "code": code(),
    "code in keras": code(module="keras"),
    "code in keras.layers": code(module="keras.layers"),
    "the loader of this lab": function("rlab.nets.saving", "load_model"),
    "a name that was registered": named(None, "evil", registered_name="package>evil"),
    "a registered name for a layer": named("keras.layers", "Dense", {"units": 2}, registered_name="package>evil"),
    "a type specification": named("keras", "__typespec__", [1], spec_name="Layer", registered_name=None),
    "no module": {"class_name": "Lambda", "config": {}},
}


def as_activation(config, thing):
    return with_layer(config, layer("keras.layers", "Activation", {"activation": thing}, inputs="float64"))


def as_activation_of_dense(config, thing):
    config["config"]["layers"][2]["config"]["activation"] = thing
    return config


def as_initialiser(config, thing):
    config["config"]["layers"][2]["config"]["kernel_initializer"] = thing
    return config


def as_regulariser(config, thing):
    config["config"]["layers"][2]["config"]["kernel_regularizer"] = thing
    return config


def as_number_format(config, thing):
    config["config"]["layers"][2]["config"]["dtype"] = thing
    return config


def as_layer(config, thing):
    return with_layer(config, {**thing, "name": "guest", "inbound_nodes": []})


def as_layer_in_a_wrapper(config, thing):
    return with_layer(config, layer("keras.layers", "TimeDistributed", {"layer": thing}))


def as_argument_of_a_call(config, thing):
    return with_layer(config, layer("keras.layers", "Identity", {}, inputs=[{"deep": [thing]}]))


def as_loss_of_a_part(config, thing):
    config["config"]["layers"][1]["compile_config"] = {"optimizer": "sgd", "loss": thing}
    return config


def as_shape_of_a_layer(config, thing):
    config["config"]["layers"][2]["build_config"] = {"input_shape": [None, 4], "more": thing}
    return config


def as_everything(config, thing):
    return thing


PLACES = [
    as_activation,
    as_activation_of_dense,
    as_initialiser,
    as_regulariser,
    as_number_format,
    as_layer,
    as_layer_in_a_wrapper,
    as_argument_of_a_call,
    as_loss_of_a_part,
    as_shape_of_a_layer,
    as_everything,
]


@pytest.fixture
def nothing_ran(tmp_path, monkeypatch):
    """Hold afterwards that no code left its folder and no setting of Keras is another."""
    monkeypatch.chdir(tmp_path)
    yield
    floatx = keras.config.floatx()
    keras.config.set_floatx("float32")
    assert floatx == "float32"
    assert not os.path.exists("ran")


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CALLABLES)
def test_a_file_that_names_anything_but_layers_is_refused(config, write, place, name):
    assert " is refused: it asks for " in refusal(write(config=place(config, CALLABLES[name])))


HOSTILE_LAYERS = {
    "code": ("Lambda", {"function": code()}, {"inputs": 1}),
    "code that Keras itself would take": ("Lambda", {"function": code(module="keras")}, {"inputs": 1}),
    "a function by name": ("Lambda", {"function": function("keras", "config.set_floatx")}, {"inputs": "float64"}),
    "a graph of TensorFlow": ("TFSMLayer", {"filepath": "graph"}, {}),
    "a module of Torch": ("TorchModuleWrapper", {"module": "UEsDBA=="}, {}),
    "a function of JAX": ("JaxLayer", {"call_fn": function("keras", "config.set_floatx")}, {}),
    "a module of Flax": ("FlaxLayer", {"module": function("keras", "config.set_floatx")}, {}),
}


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize(("module", "prefix"), [("keras.layers", ""), ("keras", "layers."), ("keras.src.layers", "")])
@pytest.mark.parametrize("kind", HOSTILE_LAYERS)
def test_a_layer_that_carries_or_fetches_code_is_refused(config, write, kind, module, prefix):
    name, settings, arguments = HOSTILE_LAYERS[kind]
    path = write(config=with_layer(config, layer(module, f"{prefix}{name}", settings, **arguments)))
    assert f" is refused: it asks for {module}.{prefix}{name}" in refusal(path)


@pytest.mark.usefixtures("nothing_ran")
def test_a_lambda_layer_that_keras_saved_is_refused(tmp_path):
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(tmp_path / "network.keras")
    assert "it asks for keras.layers.Lambda" in refusal(tmp_path / "network.keras")


@pytest.mark.usefixtures("nothing_ran")
def test_code_is_refused_even_if_keras_was_told_to_trust_files(config, write):
    keras.config.enable_unsafe_deserialization()
    try:
        for module in ("keras", "keras.layers"):
            guest = layer("keras", "layers.Lambda", {"function": code(module=module)}, inputs=1)
            assert " is refused: it asks for " in refusal(write(config=with_layer(config, guest)))
    finally:
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", None)


@pytest.mark.parametrize("lookup", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_a_vocabulary_is_not_read_from_another_file(config, write, lookup, tmp_path):
    (tmp_path / "secret").write_text("1\n2\n")
    guest = getattr(keras.layers, lookup)().get_config()
    guest["vocabulary"] = str(tmp_path / "secret")
    refusal(write(config=with_layer(config, layer("keras.layers", lookup, guest))))


def test_an_older_format_that_holds_a_good_file_too_is_refused(config, write, tmp_path):
    """HDF5 files begin, zip archives end with their table of contents: one file can be both."""
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Lambda(keras.ops.relu)(inputs)).save(tmp_path / "network.h5")
    good = write().read_bytes()
    with open(tmp_path / "network.h5", "ab") as file:
        file.write(good)
    assert zipfile.is_zipfile(tmp_path / "network.h5")
    refusal(tmp_path / "network.h5")


# Files that are torn, and weights that are none.


@pytest.mark.parametrize(
    "content", [b"", b"text\n", b"PK\x03\x04 and nothing else", np.random.default_rng(0).bytes(1000)]
)
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "network.keras"
    path.write_bytes(content)
    assert "is not a Keras file" in refusal(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "network.keras") == f"no such Keras file: {tmp_path / 'network.keras'}"


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "network.keras").mkdir()
    assert "is not a Keras file" in refusal(tmp_path / "network.keras")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(write, share):
    path = write()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_a_file_with_another_byte_is_refused(write, saved, member, share):
    path = write()
    content = bytearray(path.read_bytes())
    content[content.find(saved[member]) + int(share * len(saved[member]))] ^= 0xFF
    path.write_bytes(content)
    refusal(path)


def test_a_compressed_file_with_other_bytes_is_refused(saved, tmp_path):
    path = tmp_path / "network.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in saved.items():
            archive.writestr(name, member)
    content = bytearray(path.read_bytes())
    start = content.find(CONFIG.encode()) + len(CONFIG)
    content[start + 20 : start + 60] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(zlib.error), zipfile.ZipFile(path) as archive:
        archive.read(CONFIG)
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize(("at", "value"), [((8, 6), 1), ((10, 8), 99)], ids=["encrypted", "unknown compression"])
def test_an_archive_that_cannot_be_read_is_refused(write, at, value):
    path = write()
    content = bytearray(path.read_bytes())
    for signature, offset in zip((b"PK\x01\x02", b"PK\x03\x04"), at, strict=True):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + offset] = value
    path.write_bytes(content)
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "3", '"keras"', "{}", "\ud800", "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, b"\xff\xfe"],
    ids=["empty", "torn", "list", "null", "number", "text", "object", "surrogate", "deep", "deep object", "no text"],
)
def test_a_configuration_that_is_none_is_refused(write, content):
    refusal(write(config=content.encode(errors="surrogatepass") if isinstance(content, str) else content))


def test_a_file_without_a_configuration_is_refused(write):
    assert "is not a Keras file" in refusal(write(config=None))


def drop_names(config):
    del config["config"]["layers"][0]["name"]


def end_in_no_layer(config):
    config["config"]["output_layers"] = [["nowhere", 0, 0]]


def end_in_no_tensor(config):
    config["config"]["output_layers"] = [["values", 7, 0]]


def call_an_unknown_layer(config):
    config["config"]["layers"][2]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["nowhere", 0, 0]


def have_layers_of_another_kind(config):
    config["config"]["layers"] = 5


def have_no_settings(config):
    config["config"]["layers"][2]["config"] = None


def have_fewer_units_than_none(config):
    config["config"]["layers"][2]["config"]["units"] = -1


def be_a_single_layer(config):
    config.clear()
    config.update(named("keras.layers", "Dense", {"units": 3}))


def be_an_array(config):
    config.clear()
    config.update(class_name="__numpy__", config={"value": [1], "dtype": "float32"})


@pytest.mark.parametrize(
    "damage",
    [
        drop_names,
        end_in_no_layer,
        end_in_no_tensor,
        call_an_unknown_layer,
        have_layers_of_another_kind,
        have_no_settings,
        have_fewer_units_than_none,
        be_a_single_layer,
        be_an_array,
    ],
)
def test_a_configuration_that_makes_no_model_is_refused(config, write, damage):
    damage(config)
    refusal(write(config=config))


@pytest.fixture
def secret(tmp_path):
    """A file of another owner, with an array that would fit."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["0"] = np.ones((4, 5), np.float32)
        file["1"] = np.ones(5, np.float32)
    (tmp_path / "secret").write_bytes(np.ones((4, 5), np.float32).tobytes())
    return str(tmp_path / "secret.h5")


def link_an_array(file, secret):
    del file[f"{HEAD}/0"]
    file[f"{HEAD}/0"] = h5py.ExternalLink(secret, "/0")


def link_a_layer(file, secret):
    del file[HEAD]
    file[HEAD] = h5py.ExternalLink(secret, "/")


def link_everything(file, secret):
    del file["vars"]
    file["vars"] = h5py.ExternalLink(secret, "/")


def store_outside(file, secret):
    del file[f"{HEAD}/0"]
    file[HEAD].create_dataset("0", (4, 5), np.float32, external=[(secret.removesuffix(".h5"), 0, 80)])


def map_from_outside(file, secret):
    del file[f"{HEAD}/0"]
    layout = h5py.VirtualLayout((4, 5), np.float32)
    layout[:] = h5py.VirtualSource(secret, "0", (4, 5))
    file[HEAD].create_virtual_dataset("0", layout)


@pytest.mark.parametrize("steal", [link_an_array, link_a_layer, link_everything, store_outside, map_from_outside])
def test_weights_are_not_read_from_another_file(saved, write, secret, steal):
    content = io.BytesIO(saved[WEIGHTS])
    with h5py.File(content, "a") as file:
        steal(file, secret)
    refusal(write(weights=content.getvalue()))


def drop_an_array(file):
    del file[FIRST_KERNEL]


def change_a_shape(file):
    del file[FIRST_KERNEL]
    file[FIRST_KERNEL] = np.zeros((3, 5), np.float32)


def put_text_in_place_of_an_array(file):
    del file[FIRST_KERNEL]
    file[FIRST_KERNEL] = "text"


def promise_a_gigabyte(file):
    del file[FIRST_KERNEL]
    file.create_dataset(FIRST_KERNEL, (1 << 26, 4), np.float32, chunks=(1 << 20, 4), compression="gzip")


@pytest.mark.parametrize("damage", [drop_an_array, change_a_shape, put_text_in_place_of_an_array, promise_a_gigabyte])
def test_weights_that_do_not_fit_the_layers_are_refused(saved, write, damage):
    content = io.BytesIO(saved[WEIGHTS])
    with h5py.File(content, "a") as file:
        damage(file)
    refusal(write(weights=content.getvalue()))


@pytest.mark.parametrize("weights", [None, b"", b"text", b"\x89HDF\r\n\x1a\n"])
def test_weights_that_are_none_are_refused(write, weights):
    refusal(write(weights=weights))


@pytest.mark.usefixtures("nothing_ran")
def test_arrays_of_pickled_objects_are_refused(saved, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, ("ran",)

    pickled = io.BytesIO()
    np.savez(pickled, **{"layers/functional": np.array([Evil()], object)})
    path = tmp_path / "network.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CONFIG, saved[CONFIG])
        archive.writestr("model.weights.npz", pickled.getvalue())
    refusal(path)
