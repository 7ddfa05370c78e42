"""Consultation for two: a doctor who asks and a patient who answers, both played from outside.

Description
-----------
The consultation of medenvs/Consultation-v0 with the patient as a second agent. Where the doctor asks the patient something new, or
something that is nowhere on record, the patient moves next; examinations, orders and repeats are answered by the rules. The patient is
shown what its persona would answer, and may say something else.

Actions
-------
Doctor: as in medenvs/Consultation-v0. Patient, text: anything; a reply that begins with yes or no is that answer, any other is
"cannot say". Patient, numeric: 0 cannot say, 1 no, 2 yes.

Observations
------------
Doctor: as in medenvs/Consultation-v0, int8; what the patient answered is what stands among the answers. Patient, text: its manner, its
complaints and history, the question, and what it would answer. Patient, numeric (int16): the number of the question (-1 for none on
record), what it would answer (1 cannot say, 2 no, 3 yes; 0 for none) and the number of its persona. A mask shows whose turn it is.

Rewards
-------
Doctor: as in medenvs/Consultation-v0, to the last digit where the patient answers honestly: correct (weight 1.0), neighbour (weight
0.3), recommendation (weight 0.5), question (weight -0.02), test (weight -0.0002), invalid (weight -0.02); repeat, unknown, informative,
timeout and format weigh nothing. Patient: honest (weight 0.5) for the answer that its persona would give, absent where nothing on
record was asked; correct (weight 1.0), the outcome that both share. silent (weight 0.0): 1 for a move that is none.

Costs
-----
Of the episode, told to both: missed_red_flag, contraindicated, needless_test, as in medenvs/Consultation-v0.

Episode end
-----------
terminated by the doctor's diagnosis or last message; the patient is not asked to answer a last message. Never truncated by the rules.

Arguments
---------
size, budget, persona, pool: as in medenvs/Consultation-v0. Of the views: obs_mode, split, reveal, weights, longest, transcript,
render_mode, trainable and window. Reset options: case, split, budget, persona.

What is simulated and what is not
---------------------------------
All of it is simulated, illustrative, and not for clinical use.

Differs from the paper in
-------------------------
The paper trains the doctor alone (DoctorAgent-RL); its patient is a frozen language model.

Version history
---------------
v0: first release.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.rules import Game

from . import consultation
from .simulated import Simulated

_PATIENT = (Term("honest", 0.5, role="patient"), Term("correct", 1.0, role="patient"), Term("silent", 0.0, role="patient"))


Options = Simulated  # what `medenvs.multi` may set; see the card


def system(options: Simulated) -> System:
    """Return the composition."""
    closed = consultation.system(consultation.Options(**asdict(options)))
    kernel = ConsultationKernel(options.size, closed.kernel.spec.stream, Game(open=True))
    return replace(closed, kernel=kernel, terms=(*closed.terms, *_PATIENT), options=asdict(options))
