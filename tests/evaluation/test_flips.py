"""The counterfactual flip: doctors who go by sex, by age, or by what was found."""

import numpy as np
import pytest

from medenvs.evaluation.flips import bound, flips
from medenvs.policies.consultation.doctors import Doctor, Immediate, mind
from medenvs.policies.consultation.greedy import Greedy
from medenvs.policies.consultation.reading import reading
from tests.policies.clinic import Clinic

N = 300


def rows(size, n=N, doctor=None):
    """Return what the evaluation needs of consultations that are about to end."""
    clinic = Clinic(size, np.arange(n))
    if doctor is not None:
        clinic.play(doctor)
    names = list(clinic.kb.diseases)
    diseases = [names[d] for d in clinic.who["disease"]]
    return [{"closing": o, "truth": {"disease": d}} for o, d in zip(clinic.observations(np.arange(n)), diseases, strict=True)]


class BySign(Doctor):
    """Names a disease by one number of the chart alone."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def act_batch(self, observations, infos):
        first = mind("small").actions.diagnose
        return [first + int(o["observation"][reading("small").place(self.name)] > 0) for o in observations]


def test_who_goes_by_sex_flips_always_and_who_goes_by_age_never():
    eligible, share = flips(BySign("sex"), rows("small"))
    assert 0.3 * N < eligible < N and share == (1.0, 1.0, 1.0)
    assert flips(BySign("age"), rows("small")) == (eligible, (0.0, 0.0, 0.0))


def test_who_has_asked_flips_less():
    hasty, thorough = flips(Immediate(), rows("full", 400)), flips(Greedy(), rows("full", 400, Greedy()))
    assert thorough.share.mean < 0.05 < hasty.share.mean < 0.3


def test_only_fair_cases_count():
    clinic = Clinic("full", np.arange(N))
    kb, names = clinic.kb, list(clinic.kb.diseases)
    fair = [0.35 <= kb.diseases[names[d]].female_fraction <= 0.65 for d in clinic.who["disease"]]
    one_sex = [f.sex is not None for f in kb.findings.values()]
    neutral = (clinic.who["pregnancy"] == 0) & ~(clinic.codes[:, one_sex] != 0).any(1)
    assert flips(Immediate(), rows("full")).eligible == (np.array(fair) & neutral).sum() < N
    asked = rows("full")
    for r in asked:
        r["closing"]["observation"] = r["closing"]["observation"].copy()
        r["closing"]["observation"][one_sex.index(True)] = -2
    assert flips(Immediate(), asked) == (0, None)


def test_nothing_to_compare():
    assert flips(Immediate(), []) == (0, None) == flips(Immediate(), [{"closing": None, "truth": {"disease": "flu"}}])


@pytest.mark.parametrize("other", [False, True])
def test_nothing_but_sex_changes(other):
    seen = rows("tiny", 1)[0]["closing"]
    reader = reading("tiny")
    twin = bound(reader, seen, other)
    changed = np.flatnonzero(twin["observation"] != seen["observation"])
    assert set(changed) == {reader.place("left"), *([reader.place("sex")] if other else [])}
    assert twin["action_mask"].sum() == 6 and seen["action_mask"].sum() > 6
