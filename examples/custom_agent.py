"""An agent of your own, played beside the embedded ones by the same code that `medenvs bench` uses."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from medenvs.evaluation.agents import contenders
from medenvs.evaluation.report import document, markdown
from medenvs.evaluation.runner import Run, run
from medenvs.evaluation.suites import suite


class FirstNumber:
    """Answers with the first number of the note: a policy that reads, but does not understand."""

    def act(self, observation: str, info: dict[str, Any]) -> str:
        """Return the answer."""
        found = re.search(r"\d+(?:\.\d+)?", observation)
        return f"<answer>{found[0] if found else 1}</answer>"


def main(episodes: int = 100) -> str:
    """Return the tables of a run over one environment; episodes and results would stay in `out` to go on from."""
    with tempfile.TemporaryDirectory() as out:
        settings = Run(suite("medenvs/MedCalc-v0"), contenders([f"{__file__}:FirstNumber"]), Path(out), seeds=(0, 1), episodes=episodes)
        return markdown(document(settings, run(settings)))


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:2])))
