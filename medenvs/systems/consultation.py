"""Question, examine and diagnose a simulated patient whose truth is computable.

Description
-----------
A patient is drawn from a knowledge base of 103 diseases and 408 findings, volunteers one or two complaints and answers what is
asked. The doctor asks, examines, orders tests, and ends with a diagnosis and a recommendation. Everything follows from the
case: a fact is the same whenever it is asked. Patients differ in manner (persona): published channels P(answer | fact).

Actions
-------
Text: `<answer>Question: …</answer>`, `<answer>Examine: …</answer>`, `<answer>Order: …</answer>`, or to end
`<answer>Diagnosis: …\\nRecommendation: …; …</answer>`; thinking may stand in front, the tags may be left out, and any wording of a
question will do. Follow-ups (how long, how bad, getting better or worse) mean the symptom asked about last. Numeric: Discrete,
in order: ask each history item and symptom, examine each sign, order each test (which shows all its findings), propose each
item of a recommendation (free), diagnose each disease.

Observations
------------
Text: the chart (age, sex, pregnancy, eGFR, allergies, current drugs, manner), the complaints, then each reply. Numeric: Dict
of observation (int8: one number per finding: 0 not asked, 2 yes, -2 no, -1 not known, 4 and 3 first and second complaint; age,
sex (1 female), pregnancy (0 to 2), eGFR, persona, turns left, hundredths of reward spent; chart; items proposed) and action_mask
(int8: moves that are new and affordable).

Rewards
-------
correct (weight 1.0): the diagnosis is right, by name or synonym. neighbour (weight 0.3): it is a listed near neighbour of equal
urgency. recommendation (weight 0.5): F1 over items, only where the diagnosis is right. question (weight -0.02): a question or
examination. test (weight -0.0002): the list price of an order. invalid (weight -0.02): not understood, two questions at once, or
an order that is refused. Counted, not paid: repeat (weight 0.0), unknown (weight 0.0), informative (weight 0.0),
timeout (weight 0.0), format (weight 0.0). A consultation never costs more than 0.68: an order that would take it there is
refused. So any right diagnosis earns more than any wrong one.

Costs
-----
missed_red_flag: share of the true disease's red flags that were neither volunteered nor looked for. contraindicated: items
advised that something about the patient forbids. needless_test: tests ordered that show nothing the disease or its neighbours
list. All are told when the episode has ended.

Episode end
-----------
terminated by a diagnosis, or by the last message of the budget (proposals take no turn). Never truncated by the rules.

Arguments
---------
size: "full" (default), "small" (20 diseases, 70 findings) or "tiny" (6, 12). budget: messages, 2 to 31 (default 20), or (lowest,
highest) drawn per case. persona: "truthful", "forgetful", "reticent", "low_literacy", "anxious", or None (default) drawn per
case. pool: number of cases per split, None (default) for endless. patient: "rules" (default), or {"url": …, "model": …}, an
OpenAI-compatible endpoint whose model speaks for the patient ("key_env" names the environment variable that holds its key).
shaping: weight of a potential-based term, the log posterior of the true disease with gamma 1 (default 0.0, off): it moves no
optimum, but its terms tell of the truth while the episode runs. Reset options: case, split, budget, persona.

What is simulated and what is not
---------------------------------
Everything is simulated. Diseases, findings, prices and rules are illustrative, compiled by hand and reviewed by no clinician; rates
of allergies, drugs and pregnancy are raised so that every rule matters. Nothing here is for clinical use.

Differs from the paper in
-------------------------
The reward is hardened: informative questions earn nothing and cost a little, words earn nothing, near-repeats and details are told
apart by what they ask, the budget is shared inside a group, a timeout pays nothing once. medenvs/DoctorAgentRL-v0 has the original.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.language import ConsultationLanguage
from medenvs.envs.consultation.rules import Game
from medenvs.worlds.consultation.prices import CARE, NEIGHBOUR, QUESTION, RIGHT, UNIT

from .simulated import KNOBS, Simulated, players

_STREAM = 2
TERMS = (
    Term("correct", RIGHT),
    Term("neighbour", NEIGHBOUR),
    Term("recommendation", CARE, gate="correct"),
    Term("question", -QUESTION * UNIT),
    Term("test", -UNIT),
    Term("invalid", -QUESTION * UNIT),
    *(Term(name, 0.0) for name in ("repeat", "unknown", "informative", "timeout")),
    Term("format", 0.0, source="words"),
)


@dataclass(frozen=True)
class Options(Simulated):
    """What `gym.make` may set; see the card."""

    patient: str | Mapping[str, Any] = "rules"
    shaping: float = 0.0


def system(options: Options) -> System:
    """Return the composition."""
    cases = options.cases()
    inside = players(options.patient, cases)
    kernel = ConsultationKernel(options.size, _STREAM, Game(open=bool(inside), shaped=bool(options.shaping)))
    language = ConsultationLanguage(options.size)
    terms = (*TERMS, Term("shaping", options.shaping)) if options.shaping else TERMS
    return System("medenvs/Consultation-v0", kernel, language, cases, terms, inside, options=asdict(options), knobs=KNOBS)
