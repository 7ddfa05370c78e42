"""The septic patient of medenvs/Sepsis-v0 as a chart shows them: noisy vital signs, and blood tests only when they were ordered.

Description
-----------
World, patients, draws and doses are those of medenvs/Sepsis-v0, whose card says what they are: equal doses give equal courses, ends
and costs. Only what is seen differs. Vital signs carry the noise of their devices. Lactate, blood gas (PaO2/FiO2), creatinine,
platelets and bilirubin are known when somebody ordered them: at every round, every four hours, each may be, and the likelier the
more worrying the chart looks (MAP, heart rate, GCS, urine, SpO2, last lactate) and the older its last result is. So the sick are
measured more often, and what is missing tells something; given the chart, an order is at random. Ordering is part of the world, no action.

Actions
-------
Text: `<answer>fluid 400, pressor 0.05</answer>`. Numeric: Discrete 25, 5 * fluid + pressor, with the doses of medenvs/Sepsis-v0. A
number that is no dose gives nothing and counts as invalid; another shape raises BadValue.

Observations
------------
Text: as in medenvs/Sepsis-v0, with the age of each result: "lactate 2.3 (6 h ago)", "bilirubin not measured". Numeric: float32, 26
columns of medenvs.worlds.sepsis.charting.PARTIAL, with name, unit, range, cadence and noise: the 21 of medenvs/Sepsis-v0 in their
order, then the hours since each of the five results (100: never measured). A test shows its last result, before the first one a
healthy value; nothing is NaN. How orders depend on the chart stands there too (LABS, worry, order_logit).

Rewards
-------
survived (weight 1.0) and invalid (weight -0.1) as in medenvs/Sepsis-v0. Counted for other designs, from the chart and not from the
body: sofa (weight 0.0), sofa_rise (weight 0.0), ogsrl (weight 0.0); and format (weight 0.0).

Costs
-----
Hours of hypotension, hypoxia, oliguria, overload, pressor, untreated_shock, excess_pressor and excess_fluid, by the limits of
medenvs/Sepsis-v0: of what happened, not of what was charted.

Episode end
-----------
terminated by death or after 80 hours; never truncated.

Arguments
---------
interval: 4 (default) or 1 hour; both see the same rounds. effect: "real" (default) or "null". pool: cases per split, None (default)
for endless. Reset options: case, split.

What is simulated and what is not
---------------------------------
All of it is simulated, the noise and the orders too; their constants were made to behave, not fitted to a hospital. Effects are made
visible on purpose: nothing here says that a dose helps a patient, and nothing is for clinical use.

Differs from the paper in
-------------------------
As medenvs/Sepsis-v0. OGSRL fills gaps of its records before it learns; here the gaps stay and their age is a column.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from dataclasses import asdict

from medenvs.cases.sepsis import SepsisCases
from medenvs.core.system import System
from medenvs.envs.treatment.kernel_partial import PartialKernel
from medenvs.envs.treatment.language_partial import PartialLanguage
from medenvs.envs.treatment.monitor import Monitor
from medenvs.worlds.sepsis.charting import NEVER, PARTIAL_NAMES

from .sepsis import STREAM, TERMS, Options

__all__ = ["Options", "system"]
NAME = "medenvs/SepsisPartial-v0"


def system(options: Options) -> System:
    """Return the composition; it plays the stream of medenvs/Sepsis-v0."""
    kernel = PartialKernel(STREAM, options.interval, options.effect)
    words, cases, monitor = PartialLanguage(interval=options.interval), SepsisCases(options.pool), Monitor(NAME, PARTIAL_NAMES, NEVER)
    return System(NAME, kernel, words, cases, TERMS, options=asdict(options), painter=monitor)
