"""Keras files that want something to run or to be read: each is refused, and does nothing.

Keras looks for names in many places of a file, and while it loads one it calls layers with arguments from the file.
"""

import base64
import io
import marshal
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

from rlab.nets.saving import load_model
from tests.rlab.nets.refusal import refusal

ASKS = " is refused: it asks for "
HEAD = "layers/dense/vars"


def class_of(module, class_name, config=None, **rest):
    return {"module": module, "class_name": class_name, "config": {} if config is None else config, **rest}


def function_of(module, name):
    return class_of(module, "function", name, registered_name=name)


def code(module):
    """A function as Keras keeps one in a file: it makes a folder `ran` where it is called."""

    def run(x):
        import os

        os.mkdir("ran")
        return x

    dumped = base64.b64encode(marshal.dumps(run.__code__)).decode()
    return class_of(module, "__lambda__", {"code": dumped, "defaults": None, "closure": None})


TFSM = "keras.src.export.tfsm_layer"
SET_FLOATX = function_of("keras", "config.set_floatx")
THINGS = {
    "os.system": function_of("os", "system"),
    "os.system as a class": class_of("os", "system"),
    "builtins.eval": function_of("builtins", "eval"),
    "builtins.eval as a class": class_of("builtins", "eval"),
    "subprocess.Popen": class_of("subprocess", "Popen", {"args": ["mkdir", "ran"]}),
    "Keras's inside": function_of("keras.src.utils.file_utils", "get_file"),
    "Keras's inside as a class": class_of("keras.src.utils.file_utils", "get_file"),
    "keras.utils.get_file": function_of("keras.utils", "get_file"),
    "keras.utils.get_file by a dotted name": function_of("keras", "utils.get_file"),
    "a setting of Keras": function_of("keras.config", "set_floatx"),
    "a setting of Keras by a dotted name": SET_FLOATX,
    "a setting of Keras as a class": class_of("keras", "config.set_floatx"),
    "a download": function_of("keras", "datasets.mnist.load_data"),
    "keras.layers.deserialize": function_of("keras.layers", "deserialize"),
    "keras.layers.deserialize as a class": class_of("keras.layers", "deserialize"),
    "an optimizer": class_of("keras.optimizers", "Adam"),
    "code": code(None),
    "code in keras": code("keras"),
    "code in keras.layers": code("keras.layers"),
    "a function of this lab": function_of("rlab.nets.saving", "load_model"),
    "a class of this lab that is none": class_of("rlab.nets.saving", "load_model"),
    "a registered name": class_of(None, "Evil", registered_name="package>Evil"),
    "a layer by a registered name": class_of("keras.layers", "Dense", {"units": 2}, registered_name="package>Evil"),
    "a class inside Keras by our name": class_of(TFSM, "function", "TFSMLayer", registered_name="rlab>Duel"),
    "code by our name": {**code(None), "registered_name": "rlab>Duel"},
    "a layer by our name": class_of("keras.layers", "Lambda", {"function": SET_FLOATX}, registered_name="rlab>Duel"),
    "a type specification": class_of("keras", "__typespec__", [1], spec_name="Layer", registered_name=None),
    "an older format": {"class_name": "Lambda", "config": {}},
    "a name that is a list": class_of("keras.layers", ["Lambda"]),
    "a module that is a list": class_of(["keras.layers"], "Lambda"),
}


def add_layer(config, layer, **arguments):
    """Add a layer. If there are `arguments`, it is called with them while the file is loaded."""
    calls = [{"args": [], "kwargs": arguments}] if arguments else []
    config["config"]["layers"].append({**layer, "name": "guest", "inbound_nodes": calls})


def as_layer(config, thing):
    add_layer(config, thing)


def as_activation(config, thing):
    add_layer(config, class_of("keras.layers", "Activation", {"activation": thing}), inputs="float64")


def as_argument_of_a_call(config, thing):
    add_layer(config, class_of("keras.layers", "Identity"), inputs=[{"deep": [thing]}])


def as_layer_of_a_wrapper(config, thing):
    add_layer(config, class_of("keras.layers", "TimeDistributed", {"layer": thing}))


def as_activation_of_a_dense_layer(config, thing):
    config["config"]["layers"][2]["config"]["activation"] = thing


def as_initialiser(config, thing):
    config["config"]["layers"][2]["config"]["kernel_initializer"] = thing


def as_regulariser(config, thing):
    config["config"]["layers"][2]["config"]["kernel_regularizer"] = thing


def as_number_format(config, thing):
    config["config"]["layers"][2]["config"]["dtype"] = thing


def as_loss_of_a_model_inside(config, thing):
    config["config"]["layers"][1]["compile_config"] = {"optimizer": "sgd", "loss": thing}


def as_loss(config, thing):
    config["compile_config"] = {"optimizer": "sgd", "loss": thing}


def as_what_a_layer_is_built_from(config, thing):
    config["config"]["layers"][2]["build_config"] = {"input_shape": [None, 4], "more": thing}


def as_the_model(config, thing):
    config.clear()
    config.update(thing)


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize("name", THINGS)
def test_what_is_no_part_of_a_network_is_refused(config, write, name):
    as_activation(config, THINGS[name])
    assert ASKS in refusal(write(config=config))


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize(
    "place",
    [
        as_layer,
        as_argument_of_a_call,
        as_layer_of_a_wrapper,
        as_activation_of_a_dense_layer,
        as_initialiser,
        as_regulariser,
        as_number_format,
        as_loss_of_a_model_inside,
        as_loss,
        as_what_a_layer_is_built_from,
        as_the_model,
    ],
)
@pytest.mark.parametrize("name", ["os.system", "a setting of Keras by a dotted name", "code in keras.layers"])
def test_it_is_refused_wherever_it_hides(config, write, place, name):
    place(config, THINGS[name])
    assert ASKS in refusal(write(config=config))


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize(("module", "prefix"), [("keras.layers", ""), ("keras", "layers."), ("keras.src.layers", "")])
@pytest.mark.parametrize(
    ("name", "settings", "arguments"),
    [
        pytest.param("Lambda", {"function": code(None)}, {"inputs": 1}, id="code"),
        pytest.param("Lambda", {"function": SET_FLOATX}, {"inputs": "float64"}, id="a function by name"),
        pytest.param("TFSMLayer", {"filepath": "graph"}, {}, id="a graph of TensorFlow"),
        pytest.param("TorchModuleWrapper", {"module": "UEsDBA=="}, {}, id="a module of Torch"),
        pytest.param("JaxLayer", {"call_fn": SET_FLOATX}, {}, id="a function for JAX"),
        pytest.param("FlaxLayer", {"module": SET_FLOATX, "method": None}, {}, id="a module of Flax"),
    ],
)
def test_a_layer_that_carries_or_fetches_code_is_refused(config, write, module, prefix, name, settings, arguments):
    add_layer(config, class_of(module, prefix + name, {"name": "guest", **settings}), **arguments)
    assert f"{ASKS}{module}.{prefix}{name}" in refusal(write(config=config))


@pytest.mark.usefixtures("nothing_ran")
def test_a_lambda_layer_that_keras_saved_is_refused(tmp_path):
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs)).save(tmp_path / "network.keras")
    assert f"{ASKS}keras.layers.Lambda" in refusal(tmp_path / "network.keras")


@pytest.mark.usefixtures("nothing_ran")
@pytest.mark.parametrize("module", [None, "keras", "keras.layers"])
def test_code_is_refused_even_where_keras_was_told_to_trust_files(config, write, module):
    keras.config.enable_unsafe_deserialization()
    try:
        add_layer(config, class_of("keras", "layers.Lambda", {"function": code(module)}), inputs=1)
        assert ASKS in refusal(write(config=config))
    finally:
        global_state.set_global_attribute("safe_mode_saving", None)


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("lookup", [keras.layers.StringLookup, keras.layers.TextVectorization])
def test_a_vocabulary_is_not_read_from_another_file(config, write, lookup, where, tmp_path):
    (tmp_path / "secret").write_text("one\ntwo\n")
    vocabulary = str(tmp_path / "secret") if where == "elsewhere" else ["one", "two"]
    add_layer(config, class_of("keras.layers", lookup.__name__, {**lookup().get_config(), "vocabulary": vocabulary}))
    path = write(config=config)
    if where == "elsewhere":
        refusal(path)
    else:
        load_model(path)


@pytest.mark.usefixtures("nothing_ran")
def test_an_older_format_that_is_a_good_file_too_is_refused(write, tmp_path):
    """HDF5 is read from the front, zip archives from the end: one file can be both."""
    path = tmp_path / "network.h5"
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Lambda(keras.ops.relu)(inputs)).save(path)
    path.write_bytes(path.read_bytes() + write().read_bytes())
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    refusal(path)


@pytest.fixture
def secret(tmp_path):
    """Two files, with and without a format, of an array that would fit."""
    array = np.ones((4, 5), np.float32)
    (tmp_path / "secret").write_bytes(array.tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["0"], file["1"] = array, np.ones(5, np.float32)
    return tmp_path / "secret"


def link_an_array(file, secret):
    file[f"{HEAD}/0"] = h5py.ExternalLink(f"{secret}.h5", "/0")


def link_a_layer(file, secret):
    del file[HEAD]
    file[HEAD] = h5py.ExternalLink(f"{secret}.h5", "/")


def link_the_model(file, secret):
    del file["vars"]
    file["vars"] = h5py.ExternalLink(f"{secret}.h5", "/")


def store_outside(file, secret):
    file[HEAD].create_dataset("0", (4, 5), np.float32, external=[(str(secret), 0, 80)])


def map_from_outside(file, secret):
    layout = h5py.VirtualLayout((4, 5), np.float32)
    layout[:] = h5py.VirtualSource(f"{secret}.h5", "0", (4, 5))
    file[HEAD].create_virtual_dataset("0", layout)


@pytest.mark.parametrize("steal", [link_an_array, link_a_layer, link_the_model, store_outside, map_from_outside])
def test_weights_are_not_read_from_another_file(saved, write, secret, steal):
    content = io.BytesIO(saved["model.weights.h5"])
    with h5py.File(content, "a") as file:
        assert file[f"{HEAD}/0"].shape == (4, 5)
        del file[f"{HEAD}/0"]
        steal(file, secret)
    refusal(write(weights=content.getvalue()))
