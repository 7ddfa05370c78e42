"""A treatment seen through a chart: the same world, the same bits on every kind of numbers, and nothing seen that was not charted."""

import pickle
from dataclasses import fields

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key
from medenvs.envs.treatment.kernel import TreatmentKernel
from medenvs.envs.treatment.kernel_partial import Charted, PartialKernel
from medenvs.envs.treatment.language_partial import PartialLanguage
from medenvs.envs.treatment.state import State
from medenvs.worlds.sepsis.body import Body
from medenvs.worlds.sepsis.charting import LABS, NEVER, PARTIAL, PARTIAL_NAMES
from medenvs.worlds.sepsis.clinician import rule
from medenvs.worlds.sepsis.columns import NAMES
from medenvs.worlds.sepsis.sofa import organs_score
from tests.envs.test_treatment_kernel import CASES, N, arrays, episodes, given

KINDS = [{}, {"interval": 1}, {"effect": "null"}]
EXACT = ("age", "male", "weight", "hour", "fluid", "pressor", "fio2", "vented", "given")


def begun(lanes=None, cases=CASES, **kind):
    kernel = PartialKernel(8, **kind).on(lanes or numpy_lanes())
    return kernel, kernel.reset({"case": cases}, key(8, cases), len(cases))


def columns(kernel, state):
    return dict(zip(PARTIAL_NAMES, kernel.observe(state, "")["observation"].T, strict=True))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_equal_doses_give_the_course_of_the_open_world(kind):
    kernel, state = begun(**kind)
    plain = TreatmentKernel(8, **kind).on(numpy_lanes())
    full, active = plain.reset({"case": CASES}, key(8, CASES), N), np.ones(N, bool)
    for step in range(kernel.spec.horizon):
        doses = {"clinician": given(step)}
        (state, seen), (full, turn) = kernel.step(state, doses, active), plain.step(full, doses, active)
        for name in (f.name for f in fields(State)):
            for a, b in zip(arrays((getattr(state, name),)), arrays((getattr(full, name),)), strict=True):
                assert np.array_equal(a, b), name
        assert all(np.array_equal(seen.costs[n], turn.costs[n]) for n in turn.costs)
        assert all(np.array_equal(seen.terms[n], turn.terms[n]) for n in ("survived", "invalid"))
        assert np.array_equal(seen.terminated, turn.terminated)
        exact, open_chart = columns(kernel, state), dict(zip(NAMES, plain.observe(full, "")["observation"].T, strict=True))
        assert all(np.array_equal(exact[n], open_chart[n]) for n in EXACT)
    assert PARTIAL_NAMES[: len(NAMES)] == NAMES


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_torch_charts_what_numpy_charts(kind, dtype):
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    here = episodes(numpy_lanes(dtype), steps=20, rules=PartialKernel, **kind)
    there = episodes(torch_lanes(dtype), torch.from_numpy, steps=20, rules=PartialKernel, **kind)
    for step, (a, b) in enumerate(zip(here, there, strict=True)):
        for place, (x, y) in enumerate(zip(a, b, strict=True)):
            seen = place == len(a) - 1
            assert np.array_equal(x, y.astype(np.float32) if seen else y) and (seen or x.dtype == y.dtype), (step, place)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_one_patient_on_plain_numbers_is_a_row_of_many_and_goes_on_after_a_pickle(kind):
    told = episodes(steps=12, rules=PartialKernel, **kind)
    kernel = PartialKernel(8, **kind).on(PLAIN)
    state = kernel.reset({"case": int(CASES[7])}, key(8, int(CASES[7])), None)
    for step in range(12):
        state = pickle.loads(pickle.dumps(state))
        state, turn = kernel.step(state, {"clinician": given(step, rows=CASES[7:8])[0].item()}, True)
        mine = [*arrays(state), *arrays(tuple(turn)), *arrays(kernel.observe(state, "clinician"))]
        for a, b in zip(mine, told[step], strict=True):
            assert np.array_equal(a, b[7]), step
        kinds = {type(v) for v in (*state.chart, state.counted, *turn.terms.values())}
        assert kinds <= {int, float, bool}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_floats_keep_the_dtype_of_their_lanes(kind):
    kinds = {
        a.dtype for step in episodes(numpy_lanes("float32"), steps=5, rules=PartialKernel, **kind) for a in step if a.dtype.kind == "f"
    }
    assert kinds == {np.dtype("float32")}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rows_that_rest_keep_their_chart(kind):
    active, states = np.arange(N) % 3 > 0, []
    for _ in range(2):
        kernel, state = begun(**kind)
        states.append(state)
    for step in range(5):
        before = [a.copy() for a in arrays(states[0])]
        moves = {"clinician": given(step)}
        (a, one), (b, two) = kernel.step(states[0], moves, active), kernel.step(states[1], moves, np.ones(N, bool))
        for x, y, z in zip(before, arrays(a), arrays(b), strict=True):
            assert np.array_equal(y[~active], x[~active]) and np.array_equal(y[active], z[active])
        for x, y in zip(arrays(tuple(one)), arrays(tuple(two)), strict=True):
            assert np.array_equal(x[active], y[active])


def test_both_intervals_see_the_same_rounds():
    (slow, four), (fast, one) = begun(), begun(interval=1)
    for step in range(20):
        four, _ = slow.step(four, {"clinician": given(step)}, np.ones(N, bool))
        for _ in range(4):
            one, _ = fast.step(one, {"clinician": given(step)}, np.ones(N, bool))
        a, b = columns(slow, four), columns(fast, one)
        for name in PARTIAL_NAMES:
            assert (np.array_equal if name.startswith("since") else np.allclose)(
                a[name], b[name], **({} if "since" in name else {"rtol": 1e-4})
            )


def test_nothing_that_hides_is_seen():
    kernel, state = begun()
    state, _ = kernel.step(state, {"clinician": given(0)}, np.ones(N, bool))
    before = kernel.observe(state, "clinician")["observation"]
    for name in {f.name for f in fields(Body)} - set(EXACT):
        setattr(state, name, getattr(state, name) + 1)
    state.score = state.score + 1
    assert np.array_equal(kernel.observe(state, "clinician")["observation"], before)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_a_result_nobody_ordered_is_not_seen(lab):
    kernel, state = begun()
    before = columns(kernel, state)
    setattr(state, lab.name, getattr(state, lab.name) * 1.5)
    state.chart = kernel.charting.begin(state, state.key, state.hour)
    after, ordered = columns(kernel, state), before[f"since_{lab.name}"] == 0
    if lab.name != "lactate":  # a lactate worries
        assert all(np.array_equal(before[n], after[n]) for n in PARTIAL_NAMES if n != lab.name)
    assert np.array_equal(before[lab.name] != after[lab.name], ordered) and 0 < ordered.sum() < N
    assert set(after[lab.name][~ordered]) == {np.float32(lab.blank)} and set(after[f"since_{lab.name}"][~ordered]) == {NEVER}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_chart_keeps_its_ranges_and_results_age(kind):
    kernel, state = begun(**kind)
    before = columns(kernel, state)
    for step in range(kernel.spec.horizon):
        state, _ = kernel.step(state, {"clinician": given(step)}, np.ones(N, bool))
        now = columns(kernel, state)
        for c in PARTIAL:
            assert np.float32(c.low) <= now[c.name].min() and now[c.name].max() <= np.float32(c.high), c
        for lab in LABS:
            was, age, fresh = before[f"since_{lab.name}"], now[f"since_{lab.name}"], now[f"since_{lab.name}"] == 0
            assert np.array_equal(age[~fresh], np.where(was == NEVER, NEVER, was + kernel.interval)[~fresh])
            assert np.array_equal(now[lab.name][~fresh], before[lab.name][~fresh])
            assert not fresh.any() or (state.hour % 4 == 0).all()
        assert (now["gcs"] % 1 == 0).all() and (now["passed"] >= before["passed"]).all()
        before = now


def test_the_score_is_counted_from_the_chart():
    kernel, state = begun()
    state, turn = kernel.step(state, {"clinician": np.zeros(N, int)}, np.ones(N, bool))
    c = {n: v.astype(float) for n, v in columns(kernel, state).items()}
    breath = (c["pf"] < 400) * 1 + (c["pf"] < 300) + ((c["pf"] < 200) * 1 + (c["pf"] < 100)) * c["vented"]
    clots = sum((c["platelets"] < x) * 1 for x in (150, 100, 50, 20))
    liver = sum((c["bilirubin"] >= x) * 1 for x in (1.2, 2, 6, 12))
    head = sum((c["gcs"] < x) * 1 for x in (15, 13, 10, 6))
    daily = 24 * c["urine"] * c["weight"]
    kidney = np.maximum(3 * (daily < 500) + (daily < 200), sum((c["creatinine"] >= x) * 1 for x in (1.2, 2, 3.5, 5)))
    assert np.array_equal(turn.terms["sofa"], breath + clots + liver + head + kidney + (c["map"] < 70))
    assert (turn.terms["sofa"] != organs_score(kernel.lanes, state) + (state.map < 70)).mean() > 0.1


def test_words_say_how_old_a_result_is():
    kernel, state = begun()
    words, told = PartialLanguage(), []
    for step in range(4):
        lines, chart = words.render(state, "clinician", None, None), columns(kernel, state)
        for i, line in enumerate(lines):
            hours, value = chart["since_lactate"][i], chart["lactate"][i]
            said = "lactate not measured" if hours == NEVER else f"lactate {value:.1f}" + (f" ({hours:.0f} h ago)" if hours else ",")
            assert state.fate[i] or said in line, line
        told += lines
        state, _ = kernel.step(state, {"clinician": given(step)}, np.ones(N, bool))
    text = "\n".join(told)
    assert "lactate not measured" in text and "(4 h ago)" in text and "(8 h ago)" in text and "nan" not in text
    one = PartialKernel(8).on(PLAIN)
    alone = one.reset({"case": int(CASES[3])}, key(8, int(CASES[3])), None)
    assert words.render(alone, "clinician", None, None) == [told[3]]


def test_the_truth_holds_the_tests_and_the_dose_of_one_who_reads_the_chart():
    kernel, state = begun()
    state, _ = kernel.step(state, {"clinician": given(0)}, np.ones(N, bool))
    for row in (0, 11):
        told, chart = kernel.truth(state, row), {n: float(v[row]) for n, v in columns(kernel, state).items()}
        assert told["action"] == rule(chart) and told["hidden"]["lactate"] == state.lactate[row]


def test_a_state_without_a_chart_is_refused():
    bare = TreatmentKernel(8).on(numpy_lanes()).reset({"case": CASES}, key(8, CASES), N)
    with pytest.raises(TypeError, match="has no chart"):
        PartialKernel(8).on(numpy_lanes()).observe(bare, "clinician")
    assert isinstance(begun()[1], Charted)
    with pytest.raises(BadValue, match="1 or 4"):
        PartialKernel(8, interval=2)
