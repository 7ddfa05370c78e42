"""The consultation's knowledge base keeps its rules, and its patients are the same however they are asked."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import medenvs.worlds.consultation.knowledge as reading
from medenvs.core.errors import BadData, UnknownName
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key
from medenvs.worlds.consultation.care import Care
from medenvs.worlds.consultation.checks import giveaways
from medenvs.worlds.consultation.knowledge import SIZES, built, knowledge
from medenvs.worlds.consultation.model import PREGNANCIES
from medenvs.worlds.consultation.patients import Patients, alias
from medenvs.worlds.consultation.personas import NAMES, NO, PERSONAS, UNKNOWN, YES, channels

STREAM = 20_261


@cache
def tables() -> tuple[dict[str, Any], ...]:
    here = Path(reading.__file__).parent
    return tuple(json.loads((here / f"{n}.json").read_text("utf-8")) for n in ("findings", "diseases", "care"))


@cache
def crowd(size: str, n: int) -> tuple[Patients, Any, dict[str, Any]]:
    patients = Patients(knowledge(size), numpy_lanes())
    k = key(STREAM, np.arange(n))
    return patients, k, patients.columns(k)


def single(case: int, size: str = "full") -> tuple[Patients, Any, dict[str, Any]]:
    patients, k = plain(size), key(STREAM, case)
    return patients, k, patients.columns(k)


@cache
def plain(size: str) -> Patients:
    return Patients(knowledge(size), PLAIN)


def test_the_full_world_is_as_large_as_promised() -> None:
    kb = knowledge()
    assert len(kb.diseases) >= 90
    assert len(kb.findings) >= 371
    assert len(kb.rules) >= 60
    assert all(len(f.lay) >= 3 and f.clinical for f in kb.findings.values())
    assert {d.reviewed_by for d in kb.diseases.values()} == {"none"}
    assert all("NOT for clinical use" in table["notice"] for table in tables())


@pytest.mark.parametrize(("size", "diseases", "findings"), [("tiny", 6, 12), ("small", 20, 70)])
def test_the_smaller_worlds(size: str, diseases: int, findings: int) -> None:
    kb = knowledge(size)
    assert (len(kb.diseases), len(kb.findings)) == (diseases, findings)
    assert all(set(d.findings) <= set(kb.findings) and d.findings for d in kb.diseases.values())


def test_every_system_has_near_neighbours() -> None:
    kb = knowledge()
    systems = {d.system for d in kb.diseases.values()}
    assert systems == {d.system for d in kb.diseases.values() if d.neighbours}
    assert all(a in kb.diseases[b].neighbours for a, d in kb.diseases.items() for b in d.neighbours)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_that_is_free_gives_a_disease_away(size: str) -> None:
    kb = knowledge(size)
    assert list(giveaways(kb)) == []
    free = [i for i, f in enumerate(kb.findings.values()) if f.test is None]
    assert kb.chances[..., free].max() <= 0.9
    assert all(test.cost > 0 for test in kb.tests.values())


def damage(table: int, *path: str, value: Any) -> Callable[[], None]:
    def tried() -> None:
        hurt = copy.deepcopy(tables())
        place: Any = hurt[table]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        built("full", *hurt)

    return tried


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damage(0, "findings", "s_fever", "lay", value=["hot"]), "s_fever needs three lay"),
        (damage(0, "findings", "s_fever", "leak", value=0.0), "s_fever has leak"),
        (damage(0, "findings", "s_fever", "lay", value=["a cough", "b", "c"]), "means both"),
        (damage(0, "findings", "l_crp_high", "test", value="magic"), "unknown test 'magic'"),
        (damage(0, "findings", "s_fever", "colour", value="red"), "finding 's_fever' is not as expected"),
        (damage(1, "diseases", "mi", "neighbours", value=["gerd"]), "mi cannot have the neighbour gerd"),
        (damage(1, "diseases", "mi", "care", value=["luck"]), "unknown need 'luck'"),
        (damage(1, "diseases", "mi", "findings", value={"s_fever": 0.5}), "mi has 1 findings"),
        (damage(1, "diseases", "mi", "prevalence", value="comon"), "Did you mean 'common'"),
        (damage(1, "diseases", "mi", "synonyms", value=["sepsis"]), "'sepsis' means both"),
        (damage(1, "diseases", "graves", "findings", "l_tsh_high", value=0.5), "two findings of the exclusive group"),
        (damage(1, "diseases", "parkinson", "findings", "e_masked_face", value=0.97), "near-certain in one disease"),
        (damage(0, "findings", "l_troponin_high", "lay", value=["a", "b", "a heart attack test"]), "names Acute myocardial infarction"),
        (damage(2, "rules", value=[{"drug": "tea", "attribute": "asthma", "why": ""}]), "tea / asthma names something unknown"),
        (damage(2, "attributes", "asthma", "age_from", value=3), "attribute asthma needs exactly one"),
    ],
)
def test_damage_is_named(harm: Callable[[], None], said: str) -> None:
    with pytest.raises((BadData, UnknownName), match=said):
        harm()


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'small'"):
        knowledge("smal")


@pytest.mark.parametrize("size", SIZES)
def test_one_patient_is_the_same_alone_and_in_a_crowd(size: str) -> None:
    patients, k, who = crowd(size, 400)
    width = len(patients.kb.findings)
    asked = np.arange(400) * 7 % width
    said, held = patients.answer(k, who, asked), patients.attributes(k, who)
    drugs = Care(patients.kb, numpy_lanes()).recommended(who["disease"], held)
    care = Care(patients.kb)
    for case in range(400):
        one, own, me = single(case, size)
        assert {n: float(v) for n, v in me.items()} == {n: float(lane[case]) for n, lane in who.items()}
        assert one.answer(own, me, int(asked[case])) == said[case]
        mine = one.attributes(own, me)
        assert [bool(a) for a in mine] == [bool(a[case]) for a in held]
        assert [int(d) for d in care.recommended(me["disease"], mine)] == [int(d[case]) for d in drugs]


def test_facts_do_not_depend_on_the_order_of_questions() -> None:
    patients, k, who = single(5)
    order = list(range(len(patients.kb.findings)))
    forward = {f: patients.answer(k, who, f) for f in order}
    assert forward == {f: patients.answer(k, who, f) for f in reversed(order)}


def test_facts_come_as_often_as_the_table_says() -> None:
    patients, k, who = crowd("full", 20_000)
    chances, ill = patients.kb.chances, who["disease"]
    for name in ("s_fever", "l_tsh_low", "s_weight_gain", "e_hypotension", "h_smoking", "s_missed_period"):
        f = list(patients.kb.findings).index(name)
        slot = patients.kb.slots[f]
        silent = np.array([patients.kb.slots[i] != slot for i in range(len(patients.kb.findings))])
        rows = silent[who["first"]] & (silent[who["second"]] | (who["second"] < 0))
        p = chances[ill, who["sex"], f][rows]
        present = patients.fact(k, who, np.full(20_000, f))[rows]
        assert abs(present.mean() - p.mean()) < 4 * np.sqrt((p * (1 - p)).mean() / rows.sum()), name


def test_exclusive_findings_exclude_each_other() -> None:
    patients, k, who = crowd("full", 20_000)
    for group in patients.kb.groups:
        numbers = [list(patients.kb.findings).index(f) for f in group]
        present = sum(patients.fact(k, who, np.full(20_000, f)).astype(int) for f in numbers)
        assert present.max() == 1, group


def test_complaints_are_true_symptoms_and_never_taken_back() -> None:
    patients, k, who = crowd("full", 5_000)
    kinds = np.array([f.kind for f in patients.kb.findings.values()])
    assert set(kinds[who["first"]]) == {"symptom"}
    two = who["second"] >= 0
    assert two.mean() > 0.97
    assert (who["first"] != who["second"]).all()
    assert (patients.answer(k, who, who["first"]) == YES).all()
    assert (patients.answer(k, who, np.maximum(who["second"], 0))[two] == YES).all()


def test_men_are_not_pregnant_and_have_no_periods() -> None:
    patients, k, who = crowd("full", 20_000)
    men = who["sex"] == 0
    assert not who["pregnancy"][men].any()
    for i, f in enumerate(patients.kb.findings.values()):
        if f.sex == "female":
            assert not patients.fact(k, who, np.full(20_000, i))[men].any(), f.id
    late = PREGNANCIES.index("second half of pregnancy")
    assert (who["pregnancy"][who["disease"] == list(patients.kb.diseases).index("preeclampsia")] == late).mean() > 0.8
    assert who["egfr"].min() >= 8
    assert who["egfr"].max() <= 130


@pytest.mark.parametrize("persona", NAMES)
def test_a_persona_answers_as_its_channel_says(persona: str) -> None:
    patients, k, who = crowd("full", 20_000)
    told, number = channels(), NAMES.index(persona)
    f = list(patients.kb.findings).index("h_alcohol")
    acting = who | {"persona": np.full(20_000, number)}
    present, said = patients.fact(k, acting, np.full(20_000, f)), patients.answer(k, acting, np.full(20_000, f))
    for fact in (0, 1):
        rows = present == bool(fact)
        for answer in (UNKNOWN, NO, YES):
            assert abs((said[rows] == answer).mean() - told[number, 2, fact, answer]) < 0.03
    assert np.allclose(told[..., 1:].sum(-1), 1)
    assert all(len(channel) == 4 for channel in PERSONAS.values())


def test_every_contraindication_matters() -> None:
    """Each rule by itself changes the right recommendation in at least 1 % of 20,000 cases."""
    patients, k, who = crowd("full", 20_000)
    kb, held, m = patients.kb, patients.attributes(k, who), numpy_lanes()
    free = np.array(Care(kb, m, []).recommended(who["disease"], held))
    for rule in kb.rules:
        bound = np.array(Care(kb, m, [rule]).recommended(who["disease"], held))
        assert (bound != free).any(0).mean() >= 0.01, rule
    ruled = np.array(Care(kb, m).recommended(who["disease"], held))
    assert (ruled != free).any(0).mean() > 0.3


def test_an_alias_table_is_its_distribution() -> None:
    weights = [3.0, 1.0, 0.0, 6.0, 2.5]
    share, other = alias(weights)
    mass = [0.0] * 5
    for i in range(5):
        mass[i] += share[i] / 5
        mass[other[i]] += (1 - share[i]) / 5
    assert mass == pytest.approx([w / sum(weights) for w in weights])


@pytest.mark.torch
def test_patients_on_tensors_are_the_same() -> None:
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    patients, k, who = crowd("full", 2_000)
    line, asked = torch.arange(2_000), np.arange(2_000) % len(patients.kb.findings)
    tensors, own = Patients(patients.kb, torch_lanes()), key(STREAM, line)
    mine = tensors.columns(own)
    assert all((mine[n].numpy() == lane).all() for n, lane in who.items())
    assert (tensors.answer(own, mine, torch.from_numpy(asked)).numpy() == patients.answer(k, who, asked)).all()
    drugs = Care(patients.kb, torch_lanes()).recommended(mine["disease"], tensors.attributes(own, mine))
    expected = Care(patients.kb, numpy_lanes()).recommended(who["disease"], patients.attributes(k, who))
    assert all((a.numpy() == b).all() for a, b in zip(drugs, expected, strict=True))
