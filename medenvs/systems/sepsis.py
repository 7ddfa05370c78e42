"""Treat a simulated septic patient for 80 hours with fluid and a vasopressor: 25 discrete doses.

Description
-----------
A patient arrives with sepsis. Every four hours (or every hour) the clinician chooses a fluid and a vasopressor dose; circulation,
leaking vessels, kidney, lung and the other organs follow hour by hour from original equations. Patients differ in what hides from
the chart (vasoplegia, leak, contractility, second infections), so no fixed schedule does well: of 20,000 fresh patients about half
die untreated, a quarter under the best schedule that was found, a sixth under the best rule that reads the chart.

Actions
-------
Text: `<answer>fluid 400, pressor 0.05</answer>`. Numeric: Discrete 25, 5 * fluid + pressor, with fluid 0, 50, 150, 400 or 1000 mL in
four hours and pressor 0, 0.05, 0.15, 0.3 or 0.6 ug/kg/min norepinephrine equivalent. Both are rates: an hour gives a quarter.
A number that is no dose gives nothing and counts as invalid; another shape raises BadValue.

Observations
------------
Text: who the patient is, then one chart line a step. Numeric: float32, 21 columns with the names, units, ranges and cadences of
medenvs.worlds.sepsis.columns.COLUMNS: vital signs and lactate hourly, readings every four hours, doses of the step before.
render_mode="rgb_array" draws a bedside monitor from these columns alone (Pillow, extra `render`); it turns red at the limits below.

Rewards
-------
survived (weight 1.0): 1 at the end if the patient is alive after 80 hours and does not die later of what they leave with.
invalid (weight -0.1): no dose was understood. Counted, not paid, for other reward designs by `weights`: sofa (weight 0.0), the
score after the step; sofa_rise (weight 0.0), its rise without the item that pressors raise; ogsrl (weight 0.0), minus the score cut to
2.5 to 12.5 (it punishes pressors as such); format (weight 0.0), the text held doses.

Costs
-----
In hours, the same at both intervals. Each hour: hypotension (MAP below 65), pressor (above 0.5 ug/kg/min), untreated_shock (MAP below
55, no pressor, at most 80 mL in four hours), excess_pressor (above 0.5 at a MAP above 95), excess_fluid (above 960 mL in four
hours at a MAP of 75 and a CVP of 15 or more). For the four hours that a reading ends: hypoxia (SpO2 below 92 %), oliguria (urine below
0.5 mL/kg/h), overload (balance above 10 % of body weight).

Episode end
-----------
terminated by death (decided every four hours) or after 80 hours. Never truncated by the rules, and nobody is discharged.

Arguments
---------
interval: hours between decisions, 4 (default) or 1. effect: "real" (default), or "null": doses move the chart but not death, which is
read from an untreated twin with the same draws. pool: number of cases per split, None (default) for endless. Reset options:
case, split.

What is simulated and what is not
---------------------------------
Everything is simulated; constants were fitted to behave, not to patients. Effects are made visible on purpose: nothing here says
that a dose helps a patient. Nothing here is for clinical use.

Differs from the paper in
-------------------------
OGSRL (Yan et al. 2025) learns from MIMIC-III and plays a nearest-neighbour lookup; here the truth is known. Its costs have the
other sign and its oliguria reads cumulated urine; ours are hours of harm, 0 or more. Its reward is the term ogsrl; the default is
survival. Its doses are continuous: medenvs/SepsisBox-v0.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from medenvs.cases.sepsis import SepsisCases
from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.envs.treatment.kernel import TreatmentKernel
from medenvs.envs.treatment.language import TreatmentLanguage
from medenvs.envs.treatment.monitor import Monitor
from medenvs.worlds.sepsis.columns import NAMES

STREAM = 6
TERMS = (
    Term("survived", 1.0),
    Term("invalid", -0.1),
    *(Term(name, 0.0) for name in ("sofa", "sofa_rise", "ogsrl")),
    Term("format", 0.0, source="words"),
)


@dataclass(frozen=True)
class Options:
    """What `gym.make` may set; see the card."""

    interval: int = 4
    effect: str = "real"
    pool: int | None = None


def system(options: Options) -> System:
    """Return the composition."""
    return composed("medenvs/Sepsis-v0", options, False)


def composed(name: str, options: Options, box: bool) -> System:
    """Return the composition with discrete doses, or with two numbers. Both play one stream: the same doses give the same course."""
    kernel = TreatmentKernel(STREAM, box, options.interval, options.effect)
    words, cases, monitor = TreatmentLanguage(box, options.interval), SepsisCases(options.pool), Monitor(name, NAMES)
    return System(name, kernel, words, cases, TERMS, options=asdict(options), painter=monitor)
