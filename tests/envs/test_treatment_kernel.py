"""The rules of a treatment: the same on every kind of numbers and at both intervals, with costs in hours and hidden things hidden."""

from dataclasses import fields

import numpy as np
import pytest

from medenvs.core.errors import BadValue, UnknownName
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key, word
from medenvs.envs.treatment.doses import FLUID, HIGH, PRESSOR, Dose
from medenvs.envs.treatment.kernel import COSTS, TreatmentKernel
from medenvs.envs.treatment.state import State
from medenvs.worlds.sepsis.body import Body
from medenvs.worlds.sepsis.columns import COLUMNS, NAMES

N = 200
CASES = np.arange(N) * 7_919 + 3
KINDS = [{}, {"interval": 1}, {"effect": "null"}, {"box": True}]


def given(step, box=False, rows=CASES):
    doses = word(key(5, rows), step) % 25
    return np.stack([np.array(FLUID)[doses // 5], np.array(PRESSOR)[doses % 5]], -1).astype(np.float32) if box else doses


def arrays(value):
    """Every lane of a state, a turn or an observation."""
    if isinstance(value, dict):
        return [a for v in value.values() for a in arrays(v)]
    if isinstance(value, tuple):
        return [a for v in value for a in arrays(v)]
    if isinstance(value, State):
        return [a for f in fields(value) for a in arrays(getattr(value, f.name))]
    return [] if value is None else [np.array(value.numpy() if hasattr(value, "numpy") else value)]


def episodes(lanes=None, made=np.asarray, doses=given, steps=None, rules=TreatmentKernel, **kind):
    """State, turn and observation after each step, as arrays."""
    kernel = rules(8, **kind).on(lanes or numpy_lanes())
    cases, told = made(CASES), []
    state = kernel.reset({"case": cases}, key(8, cases), N)
    for step in range(steps or kernel.spec.horizon):
        state, turn = kernel.step(state, {"clinician": made(doses(step, kernel.box))}, made(np.ones(N, bool)))
        told.append([a.copy() for a in (*arrays(state), *arrays(tuple(turn)), *arrays(kernel.observe(state, "clinician")))])
    return told


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_torch_equals_numpy(kind, dtype):
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    here = episodes(numpy_lanes(dtype), steps=20, **kind)
    there = episodes(torch_lanes(dtype), torch.from_numpy, steps=20, **kind)
    for step, (a, b) in enumerate(zip(here, there, strict=True)):
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            seen = place == len(a) - 1  # tensors are charted in the lanes' own kind
            assert np.array_equal(x, y.astype(np.float32) if seen else y) and (seen or x.dtype == y.dtype), (step, place)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_one_patient_on_plain_numbers_is_a_row_of_many(kind):
    told = episodes(steps=12, **kind)
    kernel = TreatmentKernel(8, **kind)
    state = kernel.reset({"case": int(CASES[7])}, key(8, int(CASES[7])), None)
    for step in range(12):
        move = given(step, kernel.box, CASES[7:8])[0].tolist()
        state, turn = kernel.step(state, {"clinician": move}, True)
        mine = [*arrays(state), *arrays(tuple(turn)), *arrays(kernel.observe(state, "clinician"))]
        for a, b in zip(mine, told[step], strict=True):
            assert np.array_equal(a, b[7]), step


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_float_keeps_the_dtype_of_its_lanes(kind):
    kinds = {a.dtype for step in episodes(numpy_lanes("float32"), steps=3, **kind) for a in step if a.dtype.kind == "f"}
    assert kinds == {np.dtype("float32")}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rows_that_rest_keep_their_state_and_disturb_nobody(kind):
    kernel, active = TreatmentKernel(8, **kind).on(numpy_lanes()), np.arange(N) % 3 > 0
    states = [kernel.reset({"case": CASES}, key(8, CASES), N) for _ in range(2)]
    for step in range(5):
        before = [a.copy() for a in arrays(states[0])]
        moves = {"clinician": given(step, kernel.box)}
        (a, one), (b, two) = kernel.step(states[0], moves, active), kernel.step(states[1], moves, np.ones(N, bool))
        for x, y, z in zip(before, arrays(a), arrays(b), strict=True):
            assert np.array_equal(y[~active], x[~active]) and np.array_equal(y[active], z[active])
        for x, y in zip(arrays(tuple(one)), arrays(tuple(two)), strict=True):
            assert np.array_equal(x[active], y[active])


def outcome(dose, every=1, **kind):
    """(fate, hours of each cost, last chart) of patients who always get one dose, or one after another."""
    kernel = TreatmentKernel(8, **kind).on(numpy_lanes())
    state, alive = kernel.reset({"case": CASES}, key(8, CASES), N), np.ones(N, bool)
    hours = {name: np.zeros(N) for name in COSTS}
    for step in range(kernel.spec.horizon):
        doses = word(key(5, CASES), step * kernel.interval // 4) % 25 if dose is None else np.full(N, dose)
        state, turn = kernel.step(state, {"clinician": doses}, alive)
        for name in hours:
            hours[name] += np.where(alive, turn.costs[name], 0)
        alive = alive & ~turn.terminated
    return state.fate, hours, kernel.observe(state, "clinician")["observation"], state.hour


@pytest.mark.parametrize("dose", [0, 11, None])
def test_an_hourly_decision_lives_in_the_same_world(dose):
    one, four = outcome(dose, interval=1), outcome(dose)
    assert np.array_equal(one[0], four[0]) and np.array_equal(one[3], four[3])
    for name in COSTS:
        if name != "excess_fluid":  # its filling pressure is read at the end of the step
            assert np.allclose(one[1][name], four[1][name]), name
    assert np.allclose(one[2], four[2], rtol=1e-5, atol=1e-4)


def test_without_effect_doses_move_the_chart_but_not_death():
    fates, charts = zip(*[outcome(dose, effect="null")[::2] for dose in (0, 24)], strict=True)
    assert np.array_equal(*fates) and not np.allclose(*charts)
    real = [outcome(dose)[0] for dose in (0, 24)]
    assert np.array_equal(fates[0], real[0]) and not np.array_equal(*real)


def test_equal_doses_give_equal_courses_in_both_forms():
    a, b = episodes(), episodes(box=True)
    assert np.allclose(a[-1][-1], b[-1][-1], rtol=1e-4, atol=1e-3)


def test_the_chart_holds_what_it_says_and_nothing_that_hides():
    shown = np.concatenate([step[-1] for step in episodes()])
    assert shown.shape[1] == len(COLUMNS) == len(set(NAMES))
    for i, column in enumerate(COLUMNS):
        assert np.float32(column.low) <= shown[:, i].min() and shown[:, i].max() <= np.float32(column.high), column
    kernel = TreatmentKernel(8).on(numpy_lanes())
    state = kernel.reset({"case": CASES}, key(8, CASES), N)
    before = kernel.observe(state, "clinician")["observation"]
    for name in {f.name for f in fields(Body)} - set(NAMES) - {"cns"}:
        setattr(state, name, getattr(state, name) + 1)
    assert np.array_equal(kernel.observe(state, "clinician")["observation"], before)


def test_doses_are_charted_one_step_late():
    kernel = TreatmentKernel(8).on(numpy_lanes())
    state = kernel.reset({"case": CASES}, key(8, CASES), N)
    place = [NAMES.index(name) for name in ("fluid", "pressor", "hour")]
    assert not kernel.observe(state, "")["observation"][:, place].any()
    state, _ = kernel.step(state, {"clinician": np.full(N, 17)}, np.ones(N, bool))
    assert np.allclose(kernel.observe(state, "")["observation"][:, place], [400, 0.15, 4])


def test_costs_are_hours_below_their_limits():
    kernel = TreatmentKernel(8).on(numpy_lanes())
    flat = [kernel.lanes.full(N, 0.0) + p for p in (54.0, 60.0, 70.0, 96.0)]
    state = kernel.reset({"case": CASES}, key(8, CASES), N)
    due, zero = np.ones(N, bool), np.zeros(N)
    state.spo2, state.urine, state.cvp, state.given, state.passed = (
        zero + 91.9,
        zero + 0.49,
        zero + 15,
        200 * state.weight,
        99 * state.weight,
    )
    state.fluid, state.pressor = zero + 1000, zero + 0.6
    costs = {name: set(value.tolist()) for name, value in kernel._costs(state, flat, due).items()}
    expected = {"hypotension": 2, "hypoxia": 4, "oliguria": 4, "overload": 4, "pressor": 4, "untreated_shock": 0}
    assert costs == {name: {float(v)} for name, v in (expected | {"excess_pressor": 1, "excess_fluid": 1}).items()}
    state.fluid, state.pressor, state.spo2, state.urine, state.given = zero + 50, zero, zero + 92, zero + 0.5, state.passed
    costs = {name: set(value.tolist()) for name, value in kernel._costs(state, flat, due).items()}
    assert costs == {name: {float(v)} for name, v in (dict.fromkeys(COSTS, 0) | {"hypotension": 2, "untreated_shock": 1}).items()}


def test_a_number_that_is_no_dose_gives_nothing():
    kernel = TreatmentKernel(8).on(numpy_lanes())
    told = []
    for move in (-1, 25, 0):
        state = kernel.reset({"case": CASES}, key(8, CASES), N)
        state, turn = kernel.step(state, {"clinician": np.full(N, move)}, np.ones(N, bool))
        told.append((state.map, turn.terms["invalid"]))
    assert np.array_equal(told[0][0], told[2][0]) and np.array_equal(told[1][0], told[2][0])
    assert told[0][1].all() and told[1][1].all() and not told[2][1].any()


@pytest.mark.parametrize("bad", [(np.nan, 0.1), (400, np.nan), (-1, 0), (0, -0.01), (1000.1, 0), (0, 0.61), (np.inf, 0)])
def test_a_dose_out_of_bounds_is_refused_with_its_row(bad):
    doses, active = np.zeros((N, 2)), np.ones(N, bool)
    doses[13] = bad
    many, one = TreatmentKernel(8, box=True).on(numpy_lanes()), TreatmentKernel(8, box=True)
    state = many.reset({"case": CASES}, key(8, CASES), N)
    with pytest.raises(BadValue, match=r"row 13: fluid .* allowed: 0 to 1000 and 0 to 0.6. Clip"):
        many.step(state, {"clinician": doses}, active)
    active[13] = False
    many.step(state, {"clinician": doses}, active)  # a row that rests is not read
    with pytest.raises(BadValue, match="allowed"):
        one.step(one.reset({"case": 1}, key(8, 1), None), {"clinician": list(bad)}, True)


@pytest.mark.parametrize(
    ("box", "bad"), [(False, np.zeros((N, 1), int)), (False, np.zeros(N)), (True, np.zeros(N)), (True, np.zeros((N, 3)))]
)
def test_a_wrong_shape_or_kind_is_refused(box, bad):
    kernel = TreatmentKernel(8, box).on(numpy_lanes())
    with pytest.raises(BadValue, match="allowed"):
        kernel.step(kernel.reset({"case": CASES}, key(8, CASES), N), {"clinician": bad}, np.ones(N, bool))


def test_the_bounds_themselves_are_doses_and_words_that_meant_nothing_are_not():
    kernel = TreatmentKernel(8, box=True).on(PLAIN)
    state = kernel.reset({"case": 1}, key(8, 1), None)
    state, turn = kernel.step(state, {"clinician": HIGH.tolist()}, True)
    assert (state.fluid, state.pressor, turn.terms["invalid"]) == (1000.0, 0.6, 0.0)
    state, turn = kernel.step(state, {"clinician": kernel.nothing}, True)
    assert (state.fluid, state.pressor, turn.terms["invalid"]) == (0.0, 0.0, 1.0)
    assert isinstance(kernel.pack([Dose(1.0, 0.1), kernel.nothing]), Dose)


def test_other_settings_are_refused():
    with pytest.raises(BadValue, match="1 or 4"):
        TreatmentKernel(8, interval=2)
    with pytest.raises(UnknownName, match="null"):
        TreatmentKernel(8, effect="nul")
