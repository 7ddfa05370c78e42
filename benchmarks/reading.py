"""What a scripted reader (agents/note_reader.py) earns at each difficulty of MedCalc-v0, beside random, constant, blind and gold."""

from __future__ import annotations

from _agents import play

if __name__ == "__main__":
    play(__doc__, "reading", "medcalc", ["agents/note_reader.py:NoteReader"])
