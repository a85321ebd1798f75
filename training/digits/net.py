"""The net: two convolutions to 30 ms frames, six residual ones, log-probabilities of the labels."""

import jax
import jax.numpy as jnp
import numpy as np

import bank
import features

CHANNELS = 70
BLOCKS = 6
STRIDE = 3
NORM_EPSILON = 1e-3


def layers():
    """(name, kernel, inputs, outputs, stride) of every convolution."""
    found = [("in1", 5, features.MELS, CHANNELS, 1), ("in2", 5, CHANNELS, CHANNELS, STRIDE)]
    return found + [(f"block{n}", 7, CHANNELS, CHANNELS, 1) for n in range(BLOCKS)]


def start(seed):
    rng = np.random.default_rng(seed)
    weights, running = {}, {}
    for name, kernel, inputs, outputs, _ in layers():
        scale = np.sqrt(2.0 / (kernel * inputs))
        weights[name] = {"w": (rng.normal(size=(kernel * inputs, outputs)) * scale).astype(np.float32),
                         "gain": np.ones(outputs, np.float32), "bias": np.zeros(outputs, np.float32)}
        running[name] = {"mean": np.zeros(outputs, np.float32), "var": np.ones(outputs, np.float32)}
    weights["out"] = {"w": (rng.normal(size=(CHANNELS, bank.LABELS)) * 0.05).astype(np.float32),
                      "bias": np.zeros(bank.LABELS, np.float32)}
    return weights, running


def convolve(x, w, kernel, stride):
    """'Same' padding with (kernel - 1) / 2 on both sides; as one matrix product."""
    half = (kernel - 1) // 2
    count = x.shape[1]
    padded = jnp.pad(x, ((0, 0), (half, half), (0, 0)))
    wanted = (count - 1) // stride + 1
    parts = [padded[:, k: k + (wanted - 1) * stride + 1: stride] for k in range(kernel)]
    return jnp.concatenate(parts, axis=2) @ w


def forward(weights, running, x, train, key=None, drop=0.1):
    """Log-probabilities [clips, frames / 3, labels], and the running statistics."""
    after = {}
    for name, kernel, _, _, stride in layers():
        w = weights[name]
        y = convolve(x, w["w"], kernel, stride)
        if train:
            mean, var = y.mean(axis=(0, 1)), y.var(axis=(0, 1))
            old = running[name]
            after[name] = {"mean": 0.98 * old["mean"] + 0.02 * mean, "var": 0.98 * old["var"] + 0.02 * var}
        else:
            mean, var = running[name]["mean"], running[name]["var"]
        y = (y - mean) * (w["gain"] / jnp.sqrt(var + NORM_EPSILON)) + w["bias"]
        y = jax.nn.relu(y)
        if train and name.startswith("block"):
            key, own = jax.random.split(key)
            kept = jax.random.bernoulli(own, 1 - drop, (y.shape[0], 1, y.shape[2]))
            y = y * kept / (1 - drop)
        x = x + y if name.startswith("block") else y
    logits = x @ weights["out"]["w"] + weights["out"]["bias"]
    return jax.nn.log_softmax(logits), after
