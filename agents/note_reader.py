"""A scripted reader: finds values in the public text with regular expressions, computes formulas it knows, guesses the rest.

It reads the present values of adults' notes in canonical, metric and imperial units. It knows no molar units, no dates of birth,
no criteria of scores and no changes that must be added up, so it falls behind from difficulty 3 on: a reference, not an optimum.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym

GUESS = "2"  # the commonest number of points among scores, which this reader does not work out

# name -> (how notes call it, unit -> factor into the unit of the formulas below)
QUANTITIES: dict[str, tuple[str, dict[str, float]]] = {
    "weight": ("weigh|scales", {"kg": 1, "lb": 0.45359237}),
    "height": (r"height|stood|measures|\bis", {"cm": 1, "inches": 2.54, "m": 100}),
    "creatinine": ("creatinine", {"mg/dL": 1}),
    "urea nitrogen": ("urea nitrogen|BUN", {"mg/dL": 1}),
    "sodium": ("sodium", {"mmol/L": 1, "mEq/L": 1}),
    "potassium": ("potassium", {"mmol/L": 1, "mEq/L": 1}),
    "chloride": ("chloride", {"mmol/L": 1, "mEq/L": 1}),
    "bicarbonate": ("bicarbonate", {"mmol/L": 1, "mEq/L": 1}),
    "glucose": ("glucose", {"mg/dL": 1}),
    "albumin": ("albumin", {"g/dL": 1, "g/L": 0.1}),
    "calcium": ("calcium", {"mg/dL": 1}),
    "osmolality": ("osmolality", {"mOsm/kg": 1}),
    "FiO2": ("FiO2|inspired oxygen fraction", {"%": 0.01, "": 1}),
    "PaO2": ("PaO2|pO2|oxygen tension", {"mmHg": 1}),
    "airway pressure": ("airway", {"cmH2O": 1}),
    "saturation": ("SpO2|saturation|oximeter", {"%": 1}),
    "respiratory rate": ("respiratory rate|breathing", {"breaths/min": 1}),
    "heart rate": ("heart rate|pulse", {"beats/min": 1}),
    "systolic": ("systolic", {"mmHg": 1}),
    "coma scale": ("GCS|scored|coma scale total", {"": 1}),
    "QT": ("QT", {"ms": 1, "s": 1000}),
    "cholesterol": ("total cholesterol", {"mg/dL": 1}),
    "HDL": ("HDL", {"mg/dL": 1}),
    "triglycerides": ("triglyceride", {"mg/dL": 1}),
    "insulin": ("insulin", {"µU/mL": 1}),
    "HbA1c": ("HbA1c|glycated haemoglobin", {"%": 1}),
    "AST": ("AST|aspartate", {"U/L": 1}),
    "ALT": ("ALT|alanine", {"U/L": 1}),
    "platelets": ("platelet", {"×10^9/L": 1, "/µL": 0.001}),
    "bilirubin": ("bilirubin", {"mg/dL": 1, "µmol/L": 1 / 17.1}),
    "INR": ("INR", {"": 1}),
    "prothrombin time": ("prothrombin time", {"s": 1}),
    "AUC": ("AUC", {"mg/mL·min": 1}),
    "GFR": ("GFR|glomerular filtration rate", {"mL/min": 1}),
}
OPIOIDS = {
    "codeine": 0.15,
    "hydrocodone": 1,
    "hydromorphone": 5,
    "morphine": 1,
    "oxycodone": 1.5,
    "oxymorphone": 3,
    "tapentadol": 0.4,
    "tramadol": 0.2,
}  # morphine milligram equivalents of one mg
SPECIMENS = ("urine", "control")  # words that turn a value into another quantity: "urine sodium"
_PAST = re.compile(r"\b(?:ago|years?|earlier|previous|at first|birth weight)\b")
_CLAUSE = re.compile(r"(?<=[.;:])\s+")
_WHO = re.compile(r"(\d{1,3})-year-old (man|woman|boy|girl)")
_OPIOID = re.compile(rf"\b({'|'.join(OPIOIDS)}),? (\d+(?:\.\d+)?) mg\D*(\d+)")
_SEX = re.compile(r"\b(man|woman|boy|girl) born on")


class Note:
    """A note that is asked for values: note["sodium"], note["urine sodium"]. Raises LookupError for what it cannot read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._clauses = [c for c in _CLAUSE.split(text) if not _PAST.search(c)]

    def __getitem__(self, name: str) -> float:
        first, _, rest = name.partition(" ")
        specimen, bare = (first, rest) if first in SPECIMENS else (None, name)
        pattern, factors = PATTERNS[bare], QUANTITIES[bare][1]
        for clause in self._clauses:
            if all((word in clause.lower()) == (word == specimen) for word in SPECIMENS) and (found := pattern.search(clause)):
                return float(found[1]) * factors[found[2] or ""]
        raise LookupError(name)

    @property
    def opioids(self) -> float:
        """Morphine milligram equivalents a day."""
        return sum(OPIOIDS[drug] * float(dose) * int(times) for drug, dose, times in _OPIOID.findall(self._text))

    @property
    def age(self) -> int:
        """Age in years."""
        if found := _WHO.search(self._text):
            return int(found[1])
        raise LookupError("age")

    @property
    def female(self) -> bool:
        """Whether the patient is a woman or a girl."""
        if found := _WHO.search(self._text):
            return found[2] in ("woman", "girl")
        if found := _SEX.search(self._text):
            return found[1] in ("woman", "girl")
        raise LookupError("sex")


def _pattern(names: str, units: Mapping[str, float]) -> re.Pattern[str]:
    """Return what matches a name, then the first number behind it, with one of the units and nothing else behind that."""
    longest_first = sorted(filter(None, units), key=len, reverse=True)
    unit = "|".join(map(re.escape, longest_first)) or "(?!)"
    return re.compile(rf"(?:{names})[^\d;]*?(\d+(?:\.\d+)?)(?: ?({unit})(?![\w/^])){'?' if '' in units else ''}", re.IGNORECASE)


PATTERNS = {name: _pattern(*words) for name, words in QUANTITIES.items()}
Formula = Callable[[Note], float]


def cockcroft_gault(n: Note) -> float:
    return (140 - n.age) * n["weight"] / (72 * n["creatinine"]) * (0.85 if n.female else 1)


def ckd_epi(n: Note) -> float:
    kappa, alpha, factor = (0.7, -0.241, 1.012) if n.female else (0.9, -0.302, 1.0)
    ratio = n["creatinine"] / kappa
    return 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**n.age * factor


def mdrd(n: Note) -> float:
    return 175 * n["creatinine"] ** -1.154 * n.age**-0.203 * (0.742 if n.female else 1)


def anion_gap(n: Note) -> float:
    return n["sodium"] - n["chloride"] - n["bicarbonate"]


def water_deficit(n: Note) -> float:
    share = 0.6 - 0.1 * n.female if n.age < 65 else 0.5 - 0.05 * n.female
    return share * n["weight"] * (n["sodium"] / 140 - 1)


def devine(n: Note) -> float:
    return (45.5 if n.female else 50) + 2.3 * (n["height"] / 2.54 - 60)


def adjusted_weight(n: Note) -> float:
    return devine(n) + 0.4 * (n["weight"] - devine(n))


def maintenance(n: Note) -> float:
    kg = n["weight"]
    return 4 * min(kg, 10) + 2 * min(max(kg - 10, 0), 10) + max(kg - 20, 0)


def ttkg(n: Note) -> float:
    return n["urine potassium"] / n["potassium"] / (n["urine osmolality"] / n["osmolality"])


def albi(n: Note) -> float:
    return 0.66 * math.log10(n["bilirubin"] * 17.1) - 0.085 * n["albumin"] * 10


def qsofa(n: Note) -> float:
    return (n["respiratory rate"] >= 22) + (n["systolic"] <= 100) + (n["coma scale"] < 15)


# words of the question -> formula; the first that stands in it is taken
FORMULAS: dict[str, Formula] = {
    "Cockcroft-Gault": cockcroft_gault,
    "CKD-EPI": ckd_epi,
    "MDRD": mdrd,
    "Schwartz": lambda n: 0.413 * n["height"] / n["creatinine"],
    "excretion of sodium": lambda n: 100 * n["urine sodium"] * n["creatinine"] / (n["sodium"] * n["urine creatinine"]),
    "excretion of urea": lambda n: 100 * n["urine urea nitrogen"] * n["creatinine"] / (n["urea nitrogen"] * n["urine creatinine"]),
    "transtubular": ttkg,
    "Calvert": lambda n: n["AUC"] * (min(n["GFR"], 125) + 25),
    "albumin-corrected anion gap": lambda n: anion_gap(n) + 2.5 * (4 - n["albumin"]),
    "anion gap": anion_gap,
    "calcium corrected": lambda n: n["calcium"] + 0.8 * (4 - n["albumin"]),
    "water deficit": water_deficit,
    "Hillier": lambda n: n["sodium"] + 0.024 * (n["glucose"] - 100),
    "serum osmolality": lambda n: 2 * n["sodium"] + n["urea nitrogen"] / 2.8 + n["glucose"] / 18,
    "Winters": lambda n: 1.5 * n["bicarbonate"] + 8,
    "Bazett": lambda n: n["QT"] / math.sqrt(60 / n["heart rate"]),
    "Fridericia": lambda n: n["QT"] / (60 / n["heart rate"]) ** (1 / 3),
    "Framingham": lambda n: n["QT"] + 154 * (1 - 60 / n["heart rate"]),
    "Hodges": lambda n: n["QT"] + 1.75 * (n["heart rate"] - 60),
    "Rautaharju": lambda n: n["QT"] * (120 + n["heart rate"]) / 180,
    "oxygenation index": lambda n: 100 * n["airway pressure"] * n["FiO2"] / n["PaO2"],
    "ROX": lambda n: n["saturation"] / n["FiO2"] / n["respiratory rate"],
    "body mass index": lambda n: n["weight"] / (n["height"] / 100) ** 2,
    "Mosteller": lambda n: math.sqrt(n["height"] * n["weight"] / 3600),
    "ideal body weight": devine,
    "adjusted body weight": adjusted_weight,
    "4-2-1": maintenance,
    "Friedewald": lambda n: n["cholesterol"] - n["HDL"] - n["triglycerides"] / 5,
    "HOMA-IR": lambda n: n["glucose"] * n["insulin"] / 405,
    "average glucose": lambda n: 28.7 * n["HbA1c"] - 46.7,
    "FIB-4": lambda n: n.age * n["AST"] / (n["platelets"] * math.sqrt(n["ALT"])),
    "Maddrey": lambda n: 4.6 * (n["prothrombin time"] - n["control prothrombin time"]) + n["bilirubin"],
    "ALBI": albi,
    "morphine milligram": lambda n: n.opioids,
    "qSOFA": qsofa,
}


class NoteReader:
    """Answers one question from the text of the observation alone; `info` is not looked at."""

    def act(self, observation: str, info: Mapping[str, Any]) -> str:
        """Return the answer, or a guess where the question or a value is beyond it."""
        note, _, question = observation.rpartition("\n\n")
        formula = next((f for words, f in FORMULAS.items() if words in question), None)
        try:
            answer = GUESS if formula is None else f"{formula(Note(note)):.6g}"
        except (LookupError, ArithmeticError):
            answer = GUESS
        return f"<answer>{answer}</answer>"


def score(episodes: int, seed: int, difficulty: int | None) -> float:
    """Return the mean reward over test episodes of a stream."""
    env, agent, total = gym.make("medenvs:medenvs/MedCalc-v0", split="test", difficulty=difficulty), NoteReader(), 0.0
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        total += float(env.step(agent.act(observation, info))[1])
    return total / episodes


def main(argv: Sequence[str] | None = None) -> None:
    """Print the score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--difficulty", type=int, choices=range(1, 6), help="default: a mixture of all five")
    args = parser.parse_args(argv)
    print(f"{score(args.episodes, args.seed, args.difficulty):.3f} over {args.episodes} test episodes")


if __name__ == "__main__":
    main()
