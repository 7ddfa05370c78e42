"""The rules of both residents give the same bits on NumPy and on torch, in the same dtype, over whole episodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key, word
from tests.residents.consultation import Clinic, ConsultationKernel
from tests.residents.sepsis import SepsisKernel, Ward

N, STEPS = 300, 20
RULES: Mapping[str, tuple[Any, Any, int]] = {
    "closed": (ConsultationKernel(False), Clinic(), 20),
    "open": (ConsultationKernel(True), Clinic(), 20),
    "sepsis": (SepsisKernel(), Ward(), 27),
}
each_rules = pytest.mark.parametrize("name", RULES)


def lanes_of(value: Any) -> list[np.ndarray]:
    """Return the lanes of a state, a turn or a key as arrays."""
    if isinstance(value, Mapping):
        return [lane for name in value for lane in lanes_of(value[name])]
    if isinstance(value, tuple):
        return [lane for part in value for lane in lanes_of(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [lane for field in fields(value) for lane in lanes_of(getattr(value, field.name))]
    return [np.array(value.numpy() if hasattr(value, "numpy") else value)]


def episodes(name: str, lanes: Any, made: Any) -> list[list[np.ndarray]]:
    """Return state, turn and observations at every step; `made` turns an array into a lane."""
    rules, source, choices = RULES[name]
    kernel, numbers = rules.on(lanes), np.arange(N)
    cases = made(numbers * 7_919 + 3)
    state = kernel.reset(source.columns(cases), key(kernel.spec.stream, cases, made(numbers)), N)
    active, told = made(np.ones(N, bool)), [lanes_of(state)]
    first, second = kernel.spec.roles[0].name, kernel.spec.roles[-1].name
    for step in range(STEPS):
        moves = made(word(key(5, numbers), step) % choices - 1)
        state, turn = kernel.step(state, {first: moves}, active)
        told.append([a.copy() for a in lanes_of(state)] + lanes_of(turn))
        if second != first:
            speaks = kernel.mover(state) == 1
            state, turn = kernel.step(state, {second: made(word(key(6, numbers), step) % 4 - 1)}, speaks)
            told.append([a.copy() for a in lanes_of(state)] + lanes_of(turn))
        told.append([a.copy() for role in kernel.spec.roles for a in lanes_of(kernel.observe(state, role.name))])
    return told


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_rules
def test_torch_equals_numpy(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    here, there = episodes(name, numpy_lanes(dtype), np.asarray), episodes(name, torch_lanes(dtype), torch.from_numpy)
    for step, (a, b) in enumerate(zip(here, there, strict=True)):
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            assert x.dtype == y.dtype, (step, place)
            assert np.array_equal(x, y), (step, place)


@each_rules
def test_every_float_keeps_the_dtype_of_its_lanes(name: str) -> None:
    """A bare float in `where`, or a draw that nobody made a number of this world, would turn float32 into float64."""
    kinds = {lane.dtype for step in episodes(name, numpy_lanes("float32"), np.asarray) for lane in step if lane.dtype.kind == "f"}
    assert kinds == {np.dtype("float32")}


@each_rules
def test_float32_follows_float64(name: str) -> None:
    exact, short = (episodes(name, numpy_lanes(dtype), np.asarray) for dtype in ("float64", "float32"))
    for x, y in zip(exact[0], short[0], strict=True):
        assert np.allclose(x, y, rtol=1e-4, atol=1e-4)
    kept = [np.isclose(x, y, rtol=1e-2, atol=1e-2).mean() for x, y in zip(exact[-1], short[-1], strict=True)]
    assert min(kept) > 0.95


@each_rules
def test_resting_rows_change_nothing_that_is_said_of_playing_ones(name: str) -> None:
    rules, source, choices = RULES[name]
    kernel, numbers = rules.on(numpy_lanes()), np.arange(N)
    moves = {kernel.spec.roles[0].name: word(key(5, numbers), 0) % choices - 1}
    turns = []
    for active in (np.ones(N, bool), numbers % 2 == 0):
        state = kernel.reset(source.columns(numbers), key(1, numbers), N)
        turns.append(kernel.step(state, moves, active)[1])
    for a, b in zip(lanes_of(turns[0]), lanes_of(turns[1]), strict=True):
        assert np.array_equal(a[::2], b[::2])


def test_plain_lanes_need_no_arrays() -> None:
    kernel = SepsisKernel().on(PLAIN)
    state = kernel.reset({"case": 5}, key(1, 5), None)
    for _ in range(STEPS):
        state, turn = kernel.step(state, {"clinician": 7}, True)
    kinds = {type(getattr(state, field.name)) for field in fields(state)} | {type(v) for v in (*turn.terms.values(), *turn.costs.values())}
    assert kinds <= {int, float, bool, tuple}
    assert type(turn.terminated) is bool
