"""A ward of thirty states, small enough that every policy's value is known: where estimators are tried before they meet a simulator.

Seven grades of severity x four of blood pressure, and two ends, death and discharge; four doses: nothing, fluid, vasopressor, both.
Invented for testing; nothing here says that a dose helps a patient.
"""

from __future__ import annotations

import numpy as np

from .finite import World

SEVERITIES, PRESSURES, DOSES = 7, 4, 4
DEAD, HOME, STATES = 28, 29, 30
NOTHING, FLUID, PRESSOR, BOTH = range(DOSES)
_RISE = (0.10, 0.30, 0.45, 0.70)  # chance that a dose lifts the pressure by a grade; it falls by one with the next
_FALL = (0.25, 0.15, 0.05, 0.0)
_WORSE = (0.40, 0.18, 0.05, 0.34)  # chance that severity rises, by pressure: too high harms as well
_BETTER = (0.04, 0.22, 0.45, 0.12)
_STRAIN = (0.0, 0.01, 0.02, 0.05)  # what a dose adds to the chance of rising


def ward(horizon: int = 10, *, effect: bool = True) -> World:
    """Return the ward; the return is -1 for death, 0 otherwise. Without `effect` every dose does what nothing does."""
    moves = np.zeros((STATES, DOSES, STATES))
    moves[DEAD, :, DEAD] = moves[HOME, :, HOME] = 1.0
    for severity in range(SEVERITIES):
        for pressure in range(PRESSURES):
            for dose in range(DOSES):
                _leave(moves[severity * PRESSURES + pressure, dose], severity, pressure, dose if effect else NOTHING)
    start = np.zeros(STATES)
    start[: SEVERITIES * PRESSURES] = np.outer((0, 0, 0.25, 0.35, 0.25, 0.15, 0), (0.35, 0.35, 0.2, 0.1)).ravel()
    rewards = np.zeros_like(moves)
    rewards[:, :, DEAD] = -1.0
    ends = np.arange(STATES) >= DEAD
    return World(start, moves, rewards, ends, horizon)


def _leave(chances: np.ndarray, severity: int, pressure: int, dose: int) -> None:
    death = 0.004 * severity * severity * (1.0 + 0.8 * (pressure == 0))
    home = 0.25 * (severity == 0)
    chances[DEAD], chances[HOME] = death, home
    worse, better = _WORSE[pressure] + _STRAIN[dose], _BETTER[pressure]
    for change, likely in ((1, worse), (-1, better), (0, 1.0 - worse - better)):
        for lift, so in ((1, _RISE[dose]), (-1, _FALL[dose]), (0, 1.0 - _RISE[dose] - _FALL[dose])):
            s, p = min(max(severity + change, 0), SEVERITIES - 1), min(max(pressure + lift, 0), PRESSURES - 1)
            chances[s * PRESSURES + p] += (1.0 - death - home) * likely * so


def clinician(skill: float, noise: float = 0.15) -> np.ndarray:
    """Return a policy (S, A): the more skill in [0, 1], the more the dose follows the pressure; `noise` is spread over all doses."""
    wise = np.zeros((STATES, DOSES))
    pressure = np.arange(STATES) % PRESSURES
    wise[np.arange(STATES), np.array([BOTH, BOTH, NOTHING, NOTHING])[pressure]] = 1.0
    rash = np.tile([0.4, 0.3, 0.1, 0.2], (STATES, 1))
    return (1.0 - noise) * (skill * wise + (1.0 - skill) * rash) + noise / DOSES


def by_indication(strength: float, noise: float = 0.3) -> np.ndarray:
    """Return a policy (S, A) that gives both doses the more often the sicker a patient is, whatever the pressure; nothing otherwise.

    Where severity is not in the log this is confounding by indication: the treated die more often because they were sicker.
    """
    sick = np.clip(0.5 + strength * (np.arange(STATES) // PRESSURES - 3), 0.0, 1.0)[:, None]
    return (1.0 - noise) * (sick * np.eye(DOSES)[BOTH] + (1.0 - sick) * np.eye(DOSES)[NOTHING]) + noise / DOSES


def always(dose: int) -> np.ndarray:
    """Return the policy that gives one dose to everyone."""
    return np.tile(np.eye(DOSES)[dose], (STATES, 1))


def naive() -> dict[str, np.ndarray]:
    """Return the policies that stand in every table: no treatment, most treatment, random, and a constant middle dose."""
    return {
        "no treatment": always(NOTHING),
        "most treatment": always(BOTH),
        "random": np.full((STATES, DOSES), 1.0 / DOSES),
        "constant": always(FLUID),
    }


def severity(states: np.ndarray) -> np.ndarray:
    """Return the severity grade of states."""
    return states // PRESSURES
