"""MIMIC's sepsis cohort as logged episodes, for users with credentials: tables of AI-Clinician and mimic_sepsis, csv or parquet.

No data is shipped. Rows stay in memory and in files that only their owner may read; nothing else holds or shows them. A row holds
four hours, its means and its doses; here each row is a decision. What a row says about its own doses stands in the next row's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.core.cases import SPLITS, Finite
from medenvs.core.errors import BadData, BadValue, unknown

from .dose_bins import Bins
from .logged import Logged
from .mimic_checks import BLOCK, Stays, converted, in_place, lacking, plausible, stays
from .mimic_columns import columns, states
from .mimic_rewards import COST_COLUMNS, COSTS, ORGAN_COLUMNS, READ_DOSES, REWARDS, costs, organs, rewards
from .mimic_scale import Scale
from .mimic_table import STAY, Progress, Table, read

OUTCOMES = ("died_within_48h_of_out_time", "mortality_90d")
DOSES = ("input_4hourly", "max_dose_vaso")  # the order of actions
CHOICES = {"reward": tuple(REWARDS), "outcome": OUTCOMES, "gaps": ("refuse", "cut", "drop"), "outside": ("refuse", "clip")}
_OFFSET = 200_000  # between the stay numbers of AI-Clinician's first tables and MIMIC's


@dataclass(frozen=True)
class Reading:
    """How to read a table.

    reward: "outcome" (1 survived, -1 died, in the last row), "sofa_delta", "ogsrl", or "organs_delta" (SOFA without its
    cardiovascular item, which punishes vasopressors). outcome: which death. box: two doses, else 25 bins fitted on train.
    columns: those of the state by the table's names; None: all that the map knows. scaled: normalise by the train split. gaps: where
    four hours are missing "refuse", "cut" the stay there or "drop" it. outside: values out of range "refuse" or "clip". units: of
    columns that are in another one, as {"age": "years"}. subjects: a csv with ICUSTAY_ID and SUBJECT_ID (MIMIC's ICUSTAYS), if
    the table itself does not say whose stays are one patient's.
    """

    reward: str = "outcome"
    outcome: str = OUTCOMES[0]
    box: bool = False
    columns: tuple[str, ...] | None = None
    scaled: bool = False
    gaps: str = "refuse"
    outside: str = "refuse"
    units: Mapping[str, str] = field(default_factory=dict[str, str])
    subjects: str | Path | None = None

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise unknown(name, getattr(self, name), allowed)
        for name in self.columns or ():
            if name == "SOFA":
                raise BadValue("a row's SOFA reads that row's vasopressor and is no column of a state. Use SOFA_organs.")
            if name not in states():
                raise unknown("column of a state", name, states())
        if self.columns is not None and len(set(self.columns)) < max(1, len(self.columns)):
            raise BadValue("columns names none, or one twice. Name each column of the state once.")

    @property
    def state(self) -> tuple[str, ...]:
        """Return the state's columns by the table's names."""
        return states() if self.columns is None else self.columns


@dataclass(frozen=True)
class MimicSepsis:
    """Logged episodes by split (an empty one is absent), and who died. bins: None with two doses. scale: fitted on train.

    split_by: "patient", or "stay" where nobody said whose stays are one patient's. left_out: how many stays were cut or fell out.
    """

    splits: Mapping[str, Logged]
    died: Mapping[str, np.ndarray]
    bins: Bins | None
    scale: Scale
    split_by: str
    left_out: Mapping[str, int]

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {part.patients} stays and {part.rows} rows" for name, part in self.splits.items())
        return f"MimicSepsis({held}; split by {self.split_by}; credentialed, rows are not shown)"


def load(place: str | Path, asked: Reading | None = None, progress: Progress | None = None) -> MimicSepsis:
    """Return the episodes of a table; whatever the order of its rows, the same.

    Raises BadData naming stay, row and remedy (never another value), UnknownName for a file or option, MissingExtra for parquet
    without pyarrow. `progress(label, done, total)` counts bytes or rows.
    """
    how = asked or Reading()
    held = stays(_with_outcome(_checked(read(place, progress), how), how.outcome), how.gaps)
    died, key, split_by = _deaths(held, how.outcome), *_patients(held, how.subjects)
    whose = Finite([f"{k:.0f}" for k in key])
    split = np.array([whose.split_of(i) for i in range(len(key))])
    if not (split == "train").any():
        raise BadData(f"{held.table.name}: no stay falls into the train split ({len(key)} in all). Load more stays.")
    return _parts(held, how, died, split, split_by)


def _checked(table: Table, how: Reading) -> Table:
    """Return the table in the map's units and ranges."""
    wanted = [n for n in how.state if columns()[n].role != "made"]
    remedy = "Name the columns of the state that the table has (columns=...), or make the table again"
    lacking(table, (*DOSES, *COST_COLUMNS), "These tell doses and costs: make the table again")
    lacking(table, REWARDS[how.reward], f"The reward {how.reward!r} needs them: choose another ({', '.join(REWARDS)})")
    lacking(table, (*wanted, *(ORGAN_COLUMNS if "SOFA_organs" in how.state else ())), remedy)
    table = converted(table, how.units)
    in_place(table, how.units)
    return plausible(table, dict.fromkeys((*DOSES, *COST_COLUMNS, *ORGAN_COLUMNS, *REWARDS[how.reward], *wanted)), how.outside)


def _with_outcome(table: Table, outcome: str) -> Table:
    """Return the table with its outcome, read from the reward where nothing else tells it; raises BadData for one that is none."""
    if outcome in table:
        said = table[outcome]
        table.refuse((said != 0) & (said != 1), f"column {outcome!r} is neither 0 nor 1", "Write 0 or 1")
        return table
    if outcome != OUTCOMES[0] or "reward" not in table:
        raise BadData(f"{table.name}: no column {outcome!r}. Choose another outcome ({', '.join(OUTCOMES)}), or make the table again.")
    said, stay = table["reward"], np.unique(table[STAY], return_inverse=True)[1]
    ends = np.bincount(stay, said != 0)[stay]
    wrong = (ends != 1) | ((np.abs(said) != 1) & (said != 0))
    table.refuse(wrong, "column 'reward' is not 1 or -1 once in the stay and 0 elsewhere", "Write the outcome into its last row")
    return table.having({outcome: (np.bincount(stay, said == -1) > 0)[stay].astype(np.float64)})


def _deaths(held: Stays, outcome: str) -> np.ndarray:
    """Return (N,) who died."""
    said, first = held.table[outcome], held.starts[:-1]
    differs = said != np.repeat(said[first], np.diff(held.starts))
    held.table.refuse(differs, f"column {outcome!r} changes within the stay", "It tells how the stay ended, in each of its rows")
    return said[first] == 1


def _patients(held: Stays, subjects: str | Path | None) -> tuple[np.ndarray, str]:
    """Return (N,) whose stay each is, and whether that is a patient or the stay itself."""
    table, first = held.table, held.starts[:-1]
    stay = table[STAY][first]
    if subjects is not None:
        listed = read(subjects)
        lacking(listed, ("subject_id",), "Expected MIMIC's ICUSTAYS, or any csv with ICUSTAY_ID and SUBJECT_ID")
        whose = dict(zip(listed[STAY].tolist(), listed["subject_id"].tolist(), strict=True))
        shift = 0 if stay[0] in whose else _OFFSET
        found = np.array([whose.get(s + shift, np.nan) for s in stay.tolist()])
        absent = np.repeat(~np.isfinite(found), np.diff(held.starts))
        table.refuse(absent, f"the stay is not in {listed.name}", "Give the file of the same MIMIC version")
        return found, "patient"
    if "subject_id" not in table:
        return stay, "stay"
    said = table["subject_id"]
    wrong = ~np.isfinite(said) | (said != np.repeat(said[first], np.diff(held.starts)))
    table.refuse(wrong, "column 'subject_id' is empty or changes within the stay", "A stay has one patient")
    return said[first], "patient"


def _parts(held: Stays, how: Reading, died: np.ndarray, split: np.ndarray, split_by: str) -> MimicSepsis:
    """Return the episodes by split, with bins and scale of the train split."""
    seen, last = _states(held, how.state)
    final = held.starts[1:] - 1
    keep = np.ones(len(held.table), bool)
    keep[final[held.cut]] = False  # nothing was recorded behind that row's doses
    last[held.cut] = seen[final[held.cut]]
    ends = np.zeros(len(keep), bool)
    ends[final - held.cut] = True
    cut = np.repeat(held.cut, np.diff(held.starts))
    train = keep & np.repeat(split == "train", np.diff(held.starts))
    doses = np.stack([held.table[n] for n in DOSES], -1).astype(np.float32)
    bins = None if how.box else Bins.fit(doses[train])
    scale = Scale.fit(seen[train], ("none", *(columns()[n].scale for n in how.state)))
    arrays = {
        "observations": scale.apply(seen) if how.scaled else seen.astype(np.float32),
        "actions": doses if bins is None else bins.actions(doses),
        "rewards": rewards(how.reward, held, died),
        "costs": costs(held.table.columns),
        "terminated": ends & ~cut,
        "truncated": ends & cut,
        "propensities": np.full(len(keep), np.nan),
    }
    whole = Logged(
        "mimic-sepsis",
        **{n: a[keep] for n, a in arrays.items()},
        last=scale.apply(last) if how.scaled else last.astype(np.float32),
        cost_names=COSTS,
        starts=np.r_[0, np.cumsum(np.diff(held.starts) - held.cut)],
        cases=np.arange(len(final)),
        columns=("hour", *(columns()[n].shown for n in how.state)),
        about=_about(how, bins, scale, split_by),
    )
    rows = {name: np.flatnonzero(split == name) for name in SPLITS}
    splits = {name: _named(whole.part(chosen), name) for name, chosen in rows.items() if len(chosen)}
    left_out = {"cut": int(held.cut.sum()), "dropped": held.left_out}
    return MimicSepsis(splits, {name: died[rows[name]] for name in splits}, bins, scale, split_by, left_out)


def _states(held: Stays, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, columns) what was seen at each row, and (N, columns) what after a stay's last: its measurements once more."""
    table, first, final = held.table, held.starts[:-1], held.starts[1:] - 1
    seen, last = [BLOCK * held.block.astype(np.float64)], [BLOCK * (held.block[final] + 1.0)]
    for name in names:
        now = organs(table.columns) if name == "SOFA_organs" else table[name]
        last.append(now[final])
        if columns()[name].role == "lagged":
            now = np.r_[0.0, now[:-1]]
            now[first] = _before(table, name)[first]
        seen.append(now)
    return np.stack(seen, -1), np.stack(last, -1)


def _before(table: Table, name: str) -> np.ndarray:
    """Return what a column that reads doses was before each row's own; a dose before a stay's first row counts as none."""
    if name == "input_total":
        return np.maximum(table[name] - table["input_4hourly"], 0.0)
    if name == "cumulated_balance":
        return table[name] - table["input_4hourly"] + table["output_4hourly"]
    return np.zeros(len(table))


def _about(how: Reading, bins: Bins | None, scale: Scale, split_by: str) -> dict[str, Any]:
    return {
        "source": "AI-Clinician table",
        "credentialed": True,
        "simulated": False,
        "interval": BLOCK,
        "behaviour": {"name": "clinicians", "quality": None, "confounding": None},
        "doses": ["fluid, mL in four hours", "vasopressor, ug/kg/min norepinephrine equivalent"],
        "reward": how.reward,
        "reward_reads_doses": how.reward in READ_DOSES,
        "outcome": how.outcome,
        "split_by": split_by,
        "bins": None if bins is None else bins.told(),
        "scale": scale.told(),
        "scaled": how.scaled,
    }


def _named(part: Logged, split: str) -> Logged:
    return replace(part, name=f"{part.name}/{split}", about={**part.about, "split": split})
