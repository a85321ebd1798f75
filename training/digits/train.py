"""Trains the digit recogniser; see README.md for the commands.

The same seed, data, packages and processor give the same weights: batches follow from their
number, not from who made them first. A stop loses at most one checkpoint's time, and every
checkpoint can be exported.
"""

import argparse
import json
import os
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import bank
import mix

_MIXER = []
AGAIN = 2
HELD = 20


def _start(bank_path, seed):
    _MIXER.append(mix.Mixer(pickle.loads(Path(bank_path).read_bytes()), seed))


def _batch(number):
    return _MIXER[0].batch(number)


def batches(bank_path, seed, first, last, processes):
    """The batches in order, made ahead by other processes."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_start,
                             initargs=(bank_path, seed)) as pool:
        ahead, asked = [], first
        for _ in range(first, last):
            while asked < last and len(ahead) < 3 * processes:
                ahead.append(pool.submit(_batch, asked))
                asked += 1
            yield ahead.pop(0).result()


def again(source):
    """Every batch is used more than once, some steps apart: mixing costs more than learning."""
    held = []
    for batch in source:
        held.append(batch)
        if len(held) == HELD:
            for _ in range(AGAIN):
                yield from held
            held = []
    for _ in range(AGAIN):
        yield from held


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with train.csv")
    parser.add_argument("--volunteers", help="folder of volunteers' recordings, see README.md")
    parser.add_argument("--work", required=True, help="folder for the bank and the checkpoints")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--stop", type=int, help="the last step, when it is not --steps")
    parser.add_argument("--turn", type=int, help="the step from which the rate falls (70 %% of --steps)")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--scale", type=float, default=0.7, help="size of the bank of voices")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def voices_of(arguments):
    """The bank, made once and kept in the work folder."""
    path = Path(arguments.work) / "bank.pickle"
    if not path.exists():
        made = bank.build(arguments.data, arguments.volunteers, arguments.seed, arguments.scale,
                          arguments.processes)
        path.write_bytes(pickle.dumps(made))
    return path


def main():
    arguments = options()
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    bank_path = voices_of(arguments)
    print(f"bank: {bank_path}", flush=True)

    import jax
    import jax.numpy as jnp
    import optax

    import net

    weights, running = net.start(arguments.seed)
    # Level at first, so that a run can be taken up again with other ends.
    turn = arguments.turn or int(arguments.steps * 0.7)
    schedule = optax.join_schedules([
        optax.linear_schedule(arguments.rate / 20, arguments.rate, 150),
        optax.constant_schedule(arguments.rate),
        optax.cosine_decay_schedule(arguments.rate, arguments.steps - turn, 0.005)], [150, turn])
    rule = optax.chain(optax.clip_by_global_norm(2.0), optax.adamw(schedule, weight_decay=1e-2))

    def loss_of(weights, running, x, labels, counts, key):
        log, after = net.forward(weights, running, x, True, key)
        padding = (jnp.arange(labels.shape[1])[None, :] >= counts[:, None]).astype(jnp.float32)
        silent = jnp.zeros(log.shape[:2], jnp.float32)
        return optax.ctc_loss(log, silent, labels, padding).mean(), after

    @jax.jit
    def step(weights, running, state, mean, x, labels, counts, key, decay):
        (loss, after), slope = jax.value_and_grad(loss_of, has_aux=True)(
            weights, running, x, labels, counts, key)
        change, state = rule.update(slope, state, weights)
        weights = optax.apply_updates(weights, change)
        mean = jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, mean, (weights, after))
        return weights, after, state, mean, loss

    state, mean, first = rule.init(weights), (weights, running), 0
    kept = work / "checkpoint.pickle"
    if kept.exists():
        first, weights, running, state, mean = pickle.loads(kept.read_bytes())
        print(f"goes on at step {first}", flush=True)

    def save(number):
        here = jax.tree.map(np.asarray, (weights, running, state, mean))
        temporary = kept.with_suffix(".new")
        temporary.write_bytes(pickle.dumps((number, *here)))
        temporary.replace(kept)

    began, losses = time.time(), []
    key = jax.random.key(arguments.seed)
    last = arguments.stop or arguments.steps
    source = again(batches(bank_path, arguments.seed, first // AGAIN, -(-last // AGAIN),
                           arguments.processes))
    for number, (x, labels, counts) in enumerate(source, first):
        x = mix.masked(np.random.default_rng([arguments.seed, 1 << 41, number]), x)
        decay = min(0.998, (1.0 + number) / (10.0 + number))
        weights, running, state, mean, loss = step(weights, running, state, mean, x, labels, counts,
                                                   jax.random.fold_in(key, number), decay)
        losses.append(float(loss))
        if (number + 1) % 50 == 0:
            took = time.time() - began
            print(json.dumps({"step": number + 1, "loss": round(float(np.mean(losses[-50:])), 4),
                              "seconds": round(took), "per_step": round(took / len(losses), 3)}),
                  flush=True)
        if (number + 1) % (5 * AGAIN * HELD) == 0:
            save(number + 1)
    save(last)


if __name__ == "__main__":
    main()
