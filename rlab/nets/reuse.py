"""Taking over what was learnt before: encoders that stand still or move slowly, and policies to begin with.

Source: Hands-On Machine Learning (first edition), chapter 11, "Reusing Pretrained Layers".
"""

from collections.abc import Callable

import keras

from rlab.nets.optimizers import scale_steps
from rlab.pretrained import PretrainedConfig
from rlab.types import UserError


def encoder_of(policy: keras.Model) -> keras.Model:
    """The encoder of a policy that `rlab.nets.policies.policy` made. Raises UserError if it has none."""
    for layer in policy.layers:
        if isinstance(layer, keras.Model):
            return layer
    raise UserError(f"the policy has no encoder: its layers are {', '.join(layer.name for layer in policy.layers)}")


def adopt(encoder: keras.Model, config: PretrainedConfig) -> None:
    """Make a pretrained encoder part of an agent: in its number format, and standing still as far as its settings say.

    Raises UserError if more layers shall stand still than the encoder has.
    """
    for layer in encoder.layers[:-1]:  # the last one turns whatever it is into float32
        layer.dtype_policy = keras.mixed_precision.global_policy()
    layers = [layer for layer in encoder.layers if layer.weights]
    count = {"all": len(layers), "none": 0}.get(config.freeze)
    if count is None:
        count = int(config.freeze)
        if count > len(layers):
            raise UserError(
                f"--freeze is out of range: received {count}, allowed are 1 to {len(layers)}, the layers with weights "
                f"of {encoder.name}: {', '.join(layer.name for layer in layers)}"
            )
    for layer in layers[:count]:
        layer.trainable = False


def features_of(encoder: keras.Model) -> keras.Model:
    """In an encoder's place, where its features [B, D] are there already: they pass unchanged."""
    features = keras.Input(encoder.output.shape[1:], dtype=encoder.output.dtype, name="features")
    return keras.Model(features, keras.layers.Identity(dtype="float32")(features), name="features")


def slow_down(optimizer: keras.optimizers.Optimizer, network: keras.Model, config: PretrainedConfig) -> None:
    """Give what moves of a network's pretrained encoder its own step size, if the settings name one."""
    if config.encoder_learning_rate:
        factor = config.encoder_learning_rate / float(optimizer.learning_rate)
        scale_steps(optimizer, encoder_of(network).trainable_variables, factor)


def start_head(policy: keras.Model, network: keras.Model, renamed: Callable[[str], str] = str) -> None:
    """Give a network's head the weights of a cloned policy's; `renamed` gives its name here to a layer of the policy.

    Raises UserError if these have other shapes or activations, or if the network has more hidden layers.
    """
    theirs = [layer for layer in policy.layers if layer.weights and not isinstance(layer, keras.Model)]
    named = {layer.name: layer for layer in network.layers}
    next_hidden = f"policy_hidden_{1 + sum(layer.name.startswith('policy_hidden') for layer in theirs)}"
    wanted = [renamed(name) for name in (*(layer.name for layer in theirs), next_hidden)]
    ours = [named[name] for name in wanted if name in named]
    shapes = [[tuple(weight.shape) for layer in layers for weight in layer.weights] for layers in (theirs, ours)]
    if shapes[0] != shapes[1]:
        raise UserError(f"the policy's head does not fit the agent: it has weights {shapes[0]}, the agent {shapes[1]}")
    kinds = [[_activation(layer) for layer in layers] for layers in (theirs, ours)]
    if kinds[0] != kinds[1]:
        raise UserError(f"the policy's head does not fit the agent: its layers are {kinds[0]}, the agent's {kinds[1]}")
    for layer, other in zip(ours, theirs, strict=True):
        layer.set_weights(other.get_weights())


def _activation(layer: keras.layers.Layer) -> str:
    return str(keras.activations.serialize(getattr(layer, "activation", None) or keras.activations.linear))
