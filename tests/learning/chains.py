"""A chain of four states with a known optimum, logged by a clinician who never gives the last dose."""

import numpy as np

from medenvs.cases.logged import Logged

STATES, DOSES, STEPS = 4, 3, 6
GIVEN = np.array([[0.7, 0.3, 0.0], [0.5, 0.5, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])  # how likely each dose is, state by state
COSTS = np.array([[5.0, 1.0], [1.0, 5.0], [5.0, 1.0], [1.0, 5.0]])
CHEAPEST = [1, 0, 1, 0]
SEEN = np.eye(STATES, dtype=np.float32)


def after(state, dose):
    """Dose 1 leads to the next state (the last one stays), dose 0 to the first."""
    return np.where(dose == 1, np.minimum(state + 1, STATES - 1), 0)


def paid(seed):
    """What doses 0 and 1 earn in each state."""
    return np.random.default_rng(seed).uniform(0, 1, (STATES, 2))


def optimum(rewards, discount):
    """The values (states, 2) of the best policy without an end, by value iteration."""
    values = np.zeros((STATES, 2))
    for _ in range(1_000):
        values = rewards + discount * np.stack([values.max(1)[after(np.arange(STATES), dose)] for dose in (0, 1)], 1)
    return values


def chain(patients=400, seed=0, rewards=None, cut=False, **wrong):
    """What happens to that many patients in six decisions, after which they leave (or the record is cut)."""
    rng = np.random.default_rng(seed)
    state, seen, given = rng.integers(0, STATES, patients), [], []
    for _ in range(STEPS):
        dose = (rng.random(patients)[:, None] > GIVEN[state].cumsum(1)).sum(1)
        seen.append(state)
        given.append(dose)
        state = after(state, dose)
    states, doses = np.stack(seen, 1).ravel(), np.stack(given, 1).ravel()
    ended = np.tile(np.arange(STEPS) == STEPS - 1, patients)
    made = {
        "name": "chain",
        "observations": SEEN[states],
        "last": SEEN[state],
        "actions": doses,
        "rewards": (paid(0) if rewards is None else rewards)[states, doses],
        "costs": np.stack([COSTS[states, doses], np.zeros(len(doses))], 1),
        "cost_names": ("harm", "nothing"),
        "terminated": ended & (not cut),
        "truncated": ended & cut,
        "propensities": np.full(len(ended), np.nan),
        "starts": np.arange(patients + 1) * STEPS,
        "cases": np.arange(patients),
        "columns": ("a", "b", "c", "d"),
    }
    return Logged(**made | wrong)
