"""What a consultation costs and earns, where rules and doctors must agree on it. Prices are in units, earnings in reward."""

from __future__ import annotations

import numpy as np

from .actions import Actions

QUESTION = 100  # units for a question or an examination; a test costs its list price
UNIT = 0.02 / QUESTION  # reward per unit
DEAREST = 3_400  # what a consultation may cost, so that any right diagnosis (1 - 0.68) beats any wrong one (0.3)
LONGEST = 31  # messages a budget may have: thirty questions and a diagnosis; DEAREST would pay for four more
RIGHT, NEIGHBOUR, CARE = 1.0, 0.3, 0.5  # what a diagnosis earns; CARE times F1 comes on top of a right one


def topic_prices(actions: Actions) -> np.ndarray:
    """Return the units that each topic costs, by the number of its move."""
    return np.array([QUESTION] * actions.orders + [round(test.cost) for test in actions.kb.tests.values()])
