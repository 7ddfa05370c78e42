"""Clinical calculators: read a note, compute a score or a formula.

Description
-----------
One simulated clinical note (60 to 200 words) and one question. The solver answers with a number, a date, or weeks and days.
The task follows MedCalc-Bench (Khandekar et al. 2024) in its scoring rules; the notes are written by rules, so each truth is
exact. Every registered calculator has a named primary source and two independent implementations that agree.

Actions
-------
Text (obs_mode "text", "messages"): anything, ending with one <answer>…</answer>. Numeric: one float64, the answer (days for
weeks and days, the proleptic ordinal for dates).

Observations
------------
Text: note, question and what to answer with; after the answer, the verdict. Numeric: float32, the number of the problem kind,
then its inputs in canonical units in the order of the calculator, then zeros.

Rewards
-------
correct (weight 1.0): 1 when the answer lies in the accepted interval (decimals within 5 % of the truth, whole-number scores
after rounding, half points, dates, weeks and days exactly). invalid (weight -0.1): 1 when nothing counts as an answer.
format (weight 0.0): 1 when the text held one readable answer.

Costs
-----
None.

Episode end
-----------
terminated after the first action. Never truncated by the rules.

Arguments
---------
difficulty: 1 values listed; 2 irrelevant facts; 3 other units; 4 implied and look-alike criteria, date of birth; 5 inputs that
must be computed first, outdated values; None (default) draws one per case. calculators: ids, None for all. formula_given:
True, False (default), None draws per case. pool: number of cases per split, None (default) for endless. data: path of a
MedCalc-Bench file (csv, json, jsonl) to play instead. Reset options: case, split.

What is simulated and what is not
---------------------------------
Patients, values and notes are simulated. Formulas and point tables are the published ones. With `data` the notes are what
the file holds. Nothing here is for clinical use.

Differs from the paper in
-------------------------
Answers are parsed by a numeric grammar, never evaluated; a percent sign does not divide by 100. MELD-Na is scored as a whole
number (the paper allows 5 %). Intervals are built from the size of the truth, so negative truths have the right limits.
Criteria follow the primary sources where the paper's code differs (CKD-EPI kappa for men).

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from medenvs.cases.medcalc import WIDTH, MedCalcCases
from medenvs.cases.medcalc_bench import MedCalcBenchCases
from medenvs.core.errors import BadValue
from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.envs.question.kernel import QuestionKernel
from medenvs.envs.question.language import AnswerLanguage

_STREAM = 1


@dataclass(frozen=True)
class Options:
    """What `gym.make` may set; see the card."""

    difficulty: int | None = None
    calculators: Sequence[str] | None = None
    formula_given: bool | None = False
    pool: int | None = None
    data: str | None = None


def system(options: Options) -> System:
    """Return the composition."""
    if options.data is None:
        cases = MedCalcCases(options.difficulty, options.calculators, options.formula_given, options.pool)
        width = WIDTH
    else:
        if options.difficulty is not None or options.calculators is not None or options.pool is not None:
            raise BadValue("difficulty, calculators and pool belong to procedural cases; leave them out when data is given.")
        cases, width = MedCalcBenchCases(options.data), 0
    terms = (Term("correct", 1.0), Term("invalid", -0.1), Term("format", 0.0, source="words"))
    return System("medenvs/MedCalc-v0", QuestionKernel(width, _STREAM), AnswerLanguage(cases), cases, terms, options=asdict(options))
