"""Pretrained encoders and policies with passports, untrained, for tests of what takes them over."""

from rlab.nets.encoders import make_encoder
from rlab.nets.policies import policy
from rlab.nets.saving import save_model
from rlab.ops.distributions import distribution
from rlab.pretrained import Passport, digest
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.seeding import Seeds
from rlab.spaces import to_json


def write_encoder(folder, space, action_space, environment, *, kind="mlp", sizes=(16,), seed=7):
    """An encoder for observations of `space`, with its passport; its path."""
    return _write(
        folder / "encoder.keras", make_encoder(kind, space, sizes, Seeds(seed)), space, action_space, environment
    )


def write_policy(folder, space, action_space, environment, *, kind="mlp", sizes=(16,), hidden=(16,), seed=7):
    """A policy as cloning leaves it, with its passport; its path."""
    encoder = make_encoder(kind, space, sizes, Seeds(seed))
    cloned = policy(encoder, hidden, "relu", distribution(action_space), 0.0, Seeds(seed))
    head = cloned.get_layer("policy")  # which begins near 0, where all actions are as good
    head.set_weights([100 * weights for weights in head.get_weights()])
    return _write(folder / "policy.keras", cloned, space, action_space, environment)


def _write(path, model, space, action_space, environment):
    save_model(model, path)
    protocol = PROTOCOLS[default_protocol(environment)]
    Passport(
        kind=path.stem,
        method="autoencoder",
        settings={},
        observation_space=to_json(space),
        action_space=to_json(action_space),
        environment=environment,
        protocol=protocol.identity,
        preprocessing=protocol.preprocessing,
        features=int(model.output.shape[-1]),
        trained_on={},
        results={},
        origin={},
        digest=digest(path),
    ).write(path)
    return path
