"""Fits the numbers of `hearing_net`: sums of rows, cut at zero, to topics and slots; by stochastic gradients, drawn with a fixed seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Plan(NamedTuple):
    """How it is learned."""

    epochs: int = 12
    batch: int = 512
    rate: float = 0.012
    nets: int = 2  # that are learned from other draws; their outputs are averaged
    width: int = 48  # of each
    leave: float = 0.3  # share of rows that are left out of a sum, and of what comes of it
    damp: float = 0.2
    decay: float = 1e-4
    rare: int = 12  # pairs and neighbours seen in fewer samples are left out
    often: int = 12  # words in as many samples have rows of their own
    seed: int = 20_261_121


class Batch(NamedTuple):
    """Samples: the rows of sample i are `row[start[i] : start[i + 1]]`; shares of outputs; a slot or -1; a weight."""

    start: np.ndarray
    row: np.ndarray
    share: np.ndarray
    slot: np.ndarray
    weight: np.ndarray


class Weights(NamedTuple):
    """Rows, what is added to each sum, outputs of the cut sums, and what is added to those."""

    rows: np.ndarray
    first: np.ndarray
    out: np.ndarray
    bias: np.ndarray


def _shares(score: np.ndarray) -> np.ndarray:
    score = np.exp(score - score.max(1, keepdims=True))
    return score / score.sum(1, keepdims=True)


def _added(values: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (numbers, sums) of the values by number; `of` is sorted."""
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    return of[starts], np.add.reduceat(values, starts, axis=0)


class _Steps:
    """Steps against the slopes: Adam for what every sample has, and for a row when it is met only."""

    def __init__(self, weights: Weights, plan: Plan, total: int) -> None:
        self.weights, self.plan, self.total, self.done = weights, plan, total, 0
        self.mean = [np.zeros_like(w) for w in weights[1:]]
        self.square = [np.zeros_like(w) for w in weights]

    def step(self, rows: np.ndarray, slope: np.ndarray, others: tuple[np.ndarray, ...]) -> None:
        """Move rows by their slope, and all the others by theirs."""
        self.done += 1
        rate = self.plan.rate * (1 - self.done / self.total) + 1e-5
        near, far = 1 - 0.9**self.done, 1 - 0.99**self.done
        for i, part in enumerate(others):
            weight, mean, square = self.weights[i + 1], self.mean[i], self.square[i + 1]
            mean += 0.1 * (part - mean)
            square += 0.01 * (part * part - square)
            weight -= rate * (mean / near / (np.sqrt(square / far) + 1e-8) + (self.plan.decay * weight if i == 1 else 0))
        self.square[0][rows] += 0.02 * (slope * slope - self.square[0][rows])
        self.weights.rows[rows] -= 3 * rate * slope / (np.sqrt(self.square[0][rows]) + 1e-6)


def fitted(batch: Batch, rows: int, slots: int, plan: Plan) -> Weights:
    """Return weights for that many rows, of all nets side by side; the last `slots` outputs are those of the slots."""
    made = [_fitted(batch, rows, slots, plan, np.random.default_rng((plan.seed, i))) for i in range(plan.nets)]
    rows_of, first, out, bias = zip(*made, strict=True)
    return Weights(np.hstack(rows_of), np.concatenate(first), np.vstack(out) / plan.nets, np.sum(bias, 0) / plan.nets)


def _fitted(batch: Batch, rows: int, slots: int, plan: Plan, rng: np.random.Generator) -> Weights:
    n, outputs, width = len(batch.weight), batch.share.shape[1] + slots, plan.width
    weights = Weights(
        rng.normal(0, 0.3, (rows, width)).astype(np.float32),
        np.zeros(width, np.float32),
        rng.normal(0, width**-0.5, (width, outputs)).astype(np.float32),
        np.zeros(outputs, np.float32),
    )
    steps = _Steps(weights, plan, plan.epochs * -(-n // plan.batch))
    for _ in range(plan.epochs):
        order = rng.permutation(n)
        for at in range(0, n, plan.batch):
            _learn(batch, order[at : at + plan.batch], steps, rng)
    return weights


def _learn(batch: Batch, of: np.ndarray, steps: _Steps, rng: np.random.Generator) -> None:
    """Take one step with the samples `of`."""
    w, plan, topics = steps.weights, steps.plan, batch.share.shape[1]
    sample, row = _left(batch, of, plan.leave, rng)
    whole = np.zeros((len(of), plan.width), np.float32)
    at, sums = _added(w.rows[row], sample)
    whole[at] = sums
    whole += w.first
    mask = (rng.random(whole.shape, np.float32) > plan.damp) / np.float32(1 - plan.damp)
    cut = np.maximum(whole, 0) * mask
    slope = cut @ w.out + w.bias
    slope[:, :topics] = _shares(slope[:, :topics]) - batch.share[of]
    slot = batch.slot[of]
    slope[:, topics:] = np.where(slot[:, None] >= 0, _shares(slope[:, topics:]) - np.eye(slope.shape[1] - topics)[slot], 0)
    slope *= (batch.weight[of] / len(of))[:, None]
    back = slope @ w.out.T * mask * (whole > 0)
    by = np.argsort(row, kind="stable")
    met, sums = _added(back[sample[by]], row[by])
    steps.step(met, sums, (back.sum(0), cut.T @ slope, slope.sum(0)))


def slots_fitted(batch: Batch, rows: int, slots: int, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights per row, biases) of a softmax regression from rows to slots, by Adagrad: surer of them than the nets alone."""
    rng = np.random.default_rng(plan.seed)
    known, weight = np.flatnonzero(batch.slot >= 0), batch.weight**2
    w, bias = np.zeros((rows, slots)), np.zeros(slots)
    seen, seen_bias = np.full((rows, slots), 1e-3), np.full(slots, 1e-3)
    for epoch in range(8):
        order, rate = rng.permutation(known), 0.3 / (1 + epoch / 2)
        for at in range(0, len(order), 256):
            of = order[at : at + 256]
            sample, row = _left(batch, of, 0.4, rng)
            score = np.stack([np.bincount(sample, w[row, slot], len(of)) for slot in range(slots)], 1) + bias
            slope = (_shares(score) - np.eye(slots)[batch.slot[of]]) * weight[of, None] / 8
            met, place = np.unique(row, return_inverse=True)
            step = np.stack([np.bincount(place, slope[sample, slot], len(met)) for slot in range(slots)], 1)
            step += plan.decay / 8 * len(of) * w[met]
            seen[met] += step**2
            w[met] -= rate * step / np.sqrt(seen[met])
            seen_bias += slope.sum(0) ** 2
            bias -= rate * slope.sum(0) / np.sqrt(seen_bias)
    return w, bias


def _left(batch: Batch, of: np.ndarray, leave: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return (sample, row) of all rows of the samples `of`, less a share of them."""
    length = batch.start[of + 1] - batch.start[of]
    place = np.repeat(batch.start[of] - np.cumsum(length) + length, length) + np.arange(length.sum())
    left = rng.random(len(place)) > leave
    return np.repeat(np.arange(len(of)), length)[left], batch.row[place[left]]
