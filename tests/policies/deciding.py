"""What a doctor's whole strategy is worth, exactly: every answer a tiny patient could give is followed, none is drawn."""

from typing import Any

import numpy as np

from medenvs.policies.consultation.doctors import Doctor, mind

_CODES = {0: (-1, -2, 2), 1: (-2, 2)}  # what an outcome looks like: told, or seen


def worth(doctor: Doctor, observation: dict[str, np.ndarray]) -> float:
    """Return the expected return of a doctor on the tiny world from an observation on; no finding there shares its test."""
    known = mind("tiny")
    moves, reader = known.actions, known.reading
    me = reader([observation])
    likelihood = known.gain.likelihood[me.who["persona"][0], me.who["sex"][0]]
    nodes: list[tuple[Any, Any, np.ndarray]] = [
        (observation["observation"], observation["action_mask"], known.posterior.of(me.who, me.answers)[0])
    ]
    total = 0.0
    while nodes:
        chosen = doctor.act_batch([{"observation": o, "action_mask": m} for o, m, _ in nodes], [{}] * len(nodes))
        later = []
        for (seen, mask, joint), move in zip(nodes, chosen, strict=True):
            if move >= moves.diagnose:
                total += joint @ known.gain.pays[:, move - moves.diagnose]
                continue
            if move >= moves.propose:
                after = seen.copy()
                after[len(seen) - (moves.diagnose - moves.propose) + move - moves.propose] = 1
                later.append((after, mask, joint))
                continue
            total -= known.prices[move] * joint.sum()
            rows = likelihood[known.gain.starts[move] : known.gain.starts[move + 1]]
            for code, row in zip(_CODES[int(move >= moves.asks)], rows, strict=True):
                if (joint * row).sum() > 0:
                    after = seen.copy()
                    after[moves.shown[move][0]] = code
                    after[reader.place("left")] -= 1
                    later.append((after, mask, joint * row))
        nodes = later
    return float(total)
