"""The consultation of DoctorAgent-RL under its own reward table: one question at a time, then a diagnosis with advice.

Description
-----------
A doctor asks a patient and concludes within a budget of turns that differs from case to case. The task follows DoctorAgent-RL (Feng
et al. 2025): its message format, its eight-row table of rewards in its precedence, its terminal score of words. Patients come from the
knowledge base of medenvs/Consultation-v0 and answer by rules, so that nothing is needed beside the package; recorded consultations
and language models take their places where given. This is the flawed original, kept to be compared with: words pay, medicine hardly.

Actions
-------
Text: thinking may stand in front, then `<answer>Question: …?</answer>` with exactly one question mark, or
`<answer>Diagnosis: …\\nRecommendation: …; …</answer>`; nothing may follow. Numeric: Discrete, numbered as in medenvs/Consultation-v0;
examinations and orders count as questions, proposals are free, and a diagnosis gives what was proposed as recommendation.

Observations
------------
Text: the chart, the complaints, then each reply with "[Turn t/T]"; T is not told before the first reply. Numeric: Dict of observation
(int8) and action_mask (int8) as in medenvs/Consultation-v0, where nothing is too dear to be ordered. With data: a float32 vector.

Rewards
-------
Of each message, the first that holds: malformed, -2 (it ends nothing, even in the last turn); a diagnosis, the terminal score; the
last turn, timeout (weight -5.0) and nothing else; several questions or none, -2 (both are invalid (weight -2.0)); the same asked
again, repeat (weight -2.0); no answer known, unknown (weight -1.0); else informative (weight 1.0). The terminal score is
diagnosis_f1 (weight 5.0) and recommendation_f1 (weight 5.0), each the F1 over words of what was said and the true text; with score
"judge" it is diagnosis_grade and recommendation_grade, 0 to 5 points from a language model, absent where it gives no verdict.
Counted, not paid: correct (weight 0.0), neighbour (weight 0.0), recommendation (weight 0.0), question (weight 0.0),
test (weight 0.0), format (weight 0.0). At most 10 and 1 for each turn of the budget but the last. With data: malformed, late,
several in place of invalid and timeout. A language-model patient adds silent, where it gave no answer (nobody pays for that), and
honest, where it said what its persona would.

Costs
-----
missed_red_flag, contraindicated, needless_test, as in medenvs/Consultation-v0; none with data.

Episode end
-----------
terminated by a diagnosis, or by any other message in the last turn that is not malformed. truncated by a malformed message that is
the tenth or a later one, and not before the last turn.

Arguments
---------
budget: turns, or (lowest, highest) drawn per case and so shared inside a group; (2, 10) by default, the diagnosis included. size,
persona: and pool: as in medenvs/Consultation-v0 (size: "full"). score: "token_f1" (default) or "judge". tokens: "words" (default:
case-folded, no stop-words) or "original" (jieba's, spaces and all; extra zh). judge: {"url": …, "model": …}, an OpenAI-compatible
endpoint, with score "judge"; "key_env" names the environment variable that holds its key, "kappa" what `medenvs judge check` found
(it stands beside the results). data: path of a file, or {"train": path,
"test": path, …}: MTMedDialog (parquet, json), or AgentClinic where it ends in .jsonl. patient: None (default), that is "rules", and
with data "recorded"; or {"url": …, "model": …} as for judge. Reset options: case, split, budget, and without data persona.

What is simulated and what is not
---------------------------------
Without data everything is, as in medenvs/Consultation-v0; illustrative, reviewed by no clinician. With data, what the file holds and,
where a language model answers, what it makes up. Nothing here is for clinical use.

Differs from the paper in
-------------------------
The budget hangs on the case, not on a global generator. A timeout is fined once and ends the episode. Repeats are told by what is
asked (two sides of one symptom are two questions), not by a language model; what the patient has volunteered counts as asked. True
texts are the name of the disease and its items, not sentences around them. By default F1 ignores case, spaces and stop-words. Judges
read delimited text; a missing verdict is absent, not 0. A patient never says the diagnosis: every reply of a model is checked.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from medenvs.backends.served import served
from medenvs.cases.agentclinic import AgentClinicCases
from medenvs.cases.mtmeddialog import MTMedDialogCases
from medenvs.cases.recorded import LONGEST_BUDGET, RecordedCases
from medenvs.core.agent import Player
from medenvs.core.errors import BadValue, unknown
from medenvs.core.reward import Term
from medenvs.core.services import Judge
from medenvs.core.system import System
from medenvs.envs.consultation.dialogue import DialogueKernel
from medenvs.envs.consultation.dialogue_words import DialogueLanguage
from medenvs.envs.consultation.format import ORIGINAL, concluded
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.language import ConsultationLanguage
from medenvs.envs.consultation.rules import Game
from medenvs.policies.recorded_patients import LanguagePatient, RecordedPatient
from medenvs.rewards.conclusions import GRADES, OVERLAP, GradedJudge, TokenF1Judge

from .simulated import KNOBS, Simulated, players

_NAME = "medenvs/DoctorAgentRL-v0"
_STREAM, _RECORDED_STREAM = 3, 4
# The paper's table, in its order; recorded consultations have a term for each row.
TABLE = {"malformed": -2.0, "late": -5.0, "several": -2.0, "repeat": -2.0, "unknown": -1.0, "informative": 1.0}
# Which row pays each term of the rules for simulated patients, where malformed messages and several questions are both invalid.
_ROWS = {"invalid": "malformed", "repeat": "repeat", "unknown": "unknown", "informative": "informative", "timeout": "late"}
_COUNTED = ("correct", "neighbour", "recommendation", "question", "test")
_FORMAT = Term("format", 0.0, source="words")


@dataclass(frozen=True)
class Options(Simulated):
    """What `gym.make` may set; see the card."""

    budget: int | tuple[int, int] = (2, 10)
    patient: str | Mapping[str, Any] | None = None
    score: str = "token_f1"
    tokens: str = "words"
    judge: Mapping[str, Any] | None = None
    data: str | Mapping[str, str] | None = None


def system(options: Options) -> System:
    """Return the composition."""
    judge, scores = _judge(options)
    return _simulated(options, judge, scores) if options.data is None else _recorded(options, options.data, judge, scores)


def _simulated(options: Options, judge: Judge, scores: tuple[Term, ...]) -> System:
    cases = options.cases()
    inside = players("rules" if options.patient is None else options.patient, cases)
    kernel = ConsultationKernel(options.size, _STREAM, Game(original=True, open=bool(inside)))
    terms = (*(Term(name, TABLE[row]) for name, row in _ROWS.items()), *scores, *(Term(name, 0.0) for name in _COUNTED), _FORMAT)
    language = ConsultationLanguage(options.size, ORIGINAL)
    return System(_NAME, kernel, language, cases, terms, inside, (judge,), asdict(options), knobs=KNOBS)


def _recorded(options: Options, data: str | Mapping[str, str], judge: Judge, scores: tuple[Term, ...]) -> System:
    if (options.size, options.persona, options.pool) != ("full", None, None):
        raise BadValue("size, persona and pool belong to simulated patients; leave them out when data is given.")
    cases = _cases(data, options.budget)
    language = DialogueLanguage(cases)
    kernel = DialogueKernel(_RECORDED_STREAM, cases.golds)
    terms, knobs = (*(Term(*row) for row in TABLE.items()), *scores, _FORMAT), {"budget": range(1, LONGEST_BUDGET + 1)}
    inside = {"patient": _patient(options.patient, cases)}
    return System(_NAME, kernel, language, cases, terms, inside, (judge,), asdict(options), knobs=knobs)


def _cases(data: str | Mapping[str, str], budget: int | tuple[int, int]) -> RecordedCases:
    places = list(data.values()) if isinstance(data, Mapping) else [data]
    lines = {str(place).lower().endswith(".jsonl") for place in places}
    if len(lines) > 1:
        raise BadValue("data mixes AgentClinic (.jsonl) with MTMedDialog files. Give files of one kind.")
    return AgentClinicCases(data, budget) if lines == {True} else MTMedDialogCases(data, budget)


def _patient(patient: Any, cases: RecordedCases) -> Player:
    if patient is None or patient == "recorded":
        return RecordedPatient(cases)
    if isinstance(patient, str):
        raise unknown("patient", patient, ["recorded", "{'url': …, 'model': …}"])
    return LanguagePatient(served(patient, "patient"), cases)


def _judge(options: Options) -> tuple[Judge, tuple[Term, ...]]:
    if options.score not in ("token_f1", "judge"):
        raise unknown("score", options.score, ["token_f1", "judge"])
    if (options.score == "judge") != (options.judge is not None):
        raise BadValue("score 'judge' and judge={'url': …, 'model': …} belong together. Give both, or neither.")
    if options.judge is None:
        return TokenF1Judge(concluded, options.tokens), OVERLAP
    named = dict(options.judge) if isinstance(options.judge, Mapping) else options.judge  # served refuses what is no mapping
    kappa = named.pop("kappa", None) if isinstance(named, dict) else None
    return GradedJudge(served(named, "judge"), concluded, kappa=kappa), GRADES
