"""Sepsis after OGSRL (Yan et al. 2025): its state, its two costs and its reward, in a world whose truth is known.

Description
-----------
The septic patient of medenvs/Sepsis-v0, seen and charged as in offline guarded safe reinforcement learning: few columns (neither
blood pressure nor lactate), a reward of minus the SOFA score, and two costs. Equal doses give equal courses in both ids. The guardian
is fitted on logs and put around the environment: medenvs.learning.offline.guarded.

Actions
-------
Text: `<answer>fluid 420, pressor 0.08</answer>`. Numeric: float32, two numbers, always in this order: fluid from 0 to 1000 mL in four
hours, vasopressor from 0 to 0.6 ug/kg/min. NaN, a dose out of bounds or another shape raises BadValue.

Observations
------------
Numeric: float32, 12 columns: sex, age, ventilation, GCS, FiO2, PaO2, PaO2/FiO2, bilirubin, urine of the last four hours, urine in
all, fluid in all, SpO2. No dose of the same step is among them. Text: the same columns, the hour and the last doses.

Rewards
-------
ogsrl (weight 1.0): minus the SOFA score, cut to 2.5 to 12.5, after each step. survived (weight 0.0), at the end, is paid with 1.0 under
reward="outcome", instead; sofa_rise (weight 0.0), the rise of the score without the item that pressors raise, with -1.0 under
reward="sofa_delta". invalid (weight -0.1) where a text held no dose; sofa (weight 0.0) and format (weight 0.0) are counted.

Costs
-----
Hours of hypoxia (SpO2 below 92 %) and of oliguria (urine below 0.5 mL/kg/h over the last four hours), 0 or more: higher is worse.

Episode end
-----------
terminated by death or after 80 hours; never truncated, never frozen in place.

Arguments
---------
reward: "ogsrl" (default), "outcome" or "sofa_delta". interval: 4 (default) or 1 hour. effect: "real" (default) or "null". pool: cases
per split, None (default) for endless.

What is simulated and what is not
---------------------------------
All of it is simulated, with effects made visible on purpose: it says nothing about what a dose does to a patient, and serves no
clinical use.

Differs from the paper in
-------------------------
The paper learns from MIMIC-III; readmission is not simulated, so the state has 12 columns, not 13, in physical units. Its released
code, as read: costs have the wrong sign (two violations gave -2), oliguria divides the urine of the whole stay, cost advantages are
centred so that the limit cannot bind, rewards are those of other patients' rows, the two drugs change places between data and query,
and a patient outside the data is frozen in place. Here costs are hours of harm, urine is that of four hours, a reward is the
transition's own, drugs go by name, and what lies outside the data is told apart (info["ood_cost"]). The paper reports 78 % less
estimated mortality and 51 % more reward than clinicians, inside its learned model; nothing here reproduces or refutes that.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from medenvs.cases.sepsis import SepsisCases
from medenvs.core.errors import unknown
from medenvs.core.reward import reweighted
from medenvs.core.system import System
from medenvs.envs.treatment.kernel_narrow import NarrowKernel
from medenvs.envs.treatment.language_narrow import NarrowLanguage

from .sepsis import STREAM, TERMS

SHOWN = ("male", "age", "vented", "gcs", "fio2", "pao2", "pf", "bilirubin", "urine", "passed", "given", "spo2")
CHARGED = ("hypoxia", "oliguria")
REWARDS = {
    "ogsrl": {"survived": 0.0, "ogsrl": 1.0},
    "outcome": {"survived": 1.0},
    "sofa_delta": {"survived": 0.0, "sofa_rise": -1.0},
}


@dataclass(frozen=True)
class Options:
    """What `gym.make` may set; see the card."""

    reward: str = "ogsrl"
    interval: int = 4
    effect: str = "real"
    pool: int | None = None


def system(options: Options) -> System:
    """Return the composition; raises UnknownName for another reward."""
    if options.reward not in REWARDS:
        raise unknown("reward", options.reward, REWARDS)
    kernel = NarrowKernel(STREAM, SHOWN, CHARGED, options.interval, options.effect)
    words, terms = NarrowLanguage(SHOWN, options.interval), reweighted(TERMS, REWARDS[options.reward])
    return System("medenvs/OGSRL-v0", kernel, words, SepsisCases(options.pool), terms, options=asdict(options))
