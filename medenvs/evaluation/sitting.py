"""One person, one episode: `medenvs play`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
from gymnasium import spaces
from rich.console import Console
from rich.table import Table
from rich.text import Text

from medenvs.core.errors import BadValue, unknown
from medenvs.policies.human import Human
from medenvs.policies.printable import one_line, printable
from medenvs.systems.catalog import entry

_MODES = ("text", "numeric")


class Sitting:
    """An environment laid out for a person; with `quiet` the conversation goes to standard error."""

    def __init__(self, env_id: str, mode: str, split: str, options: Mapping[str, Any], quiet: bool = False) -> None:
        if mode not in _MODES:
            raise unknown("mode", mode, _MODES)
        self.id = entry(env_id).id
        if taken := {"obs_mode", "split", "reveal"} & set(options):
            raise BadValue(f"option {taken.pop()!r} is set here already. Use --mode and --split.")
        try:
            self.env = gym.make(self.id, obs_mode=mode, split=split, reveal=True, **options)
        except TypeError as error:
            raise BadValue(f"an option of {self.id} is of the wrong kind ({error}). See `medenvs card {self.id}`.") from error
        self.console = Console(stderr=quiet, highlight=False)
        self.person = Human(self.console)
        self.person.bind(self.env.observation_space, self.env.action_space)

    def play(self, seed: int | None, case: int | None) -> dict[str, Any]:
        """Play one episode and show how it went; a person who leaves ends it early. Returns the result for JSON."""
        if seed is not None and not 0 <= seed < 1 << 62:
            raise BadValue(f"seed is {seed}; allowed: 0 to 2**62 - 1.")
        self.console.print(Text(f"{self.id} · simulated, not for clinical use · Ctrl-C leaves", style="dim"))
        seen, info = self.env.reset(seed=seed, options=None if case is None else {"case": case})
        truth, earned, over = info["privileged"], 0.0, False
        self.person.reset(0)
        try:
            while not over:
                action = self.person.act(seen, {k: v for k, v in info.items() if k != "privileged"})
                seen, reward, terminated, truncated, info = self.env.step(action)
                earned, over = earned + float(reward), bool(terminated or truncated)
        except (EOFError, KeyboardInterrupt):
            self.console.print(Text("\nYou left before the end.", style="yellow"))
        result = {"id": self.id, "case": truth.get("case"), "finished": over, "return": earned, "terms": info.get("terms", {})}
        result |= {"costs": info.get("costs", {}), "answer": self._answer(truth) if over else None}
        if over:
            self._tell(seen, info, truth, earned)
        return result

    def _answer(self, truth: Mapping[str, Any]) -> Any:
        return truth.get("text" if isinstance(self.env.action_space, spaces.Text) else "action")

    def _tell(self, seen: Any, info: Mapping[str, Any], truth: Mapping[str, Any], earned: float) -> None:
        if isinstance(seen, str):
            self.console.print(Text(printable(seen.rpartition("\n\nUSER: ")[2]), style="bold"))
        table = Table("term", "value", box=None, pad_edge=False)
        for name, value in {**info["terms"], **info["costs"]}.items():
            if info["applies"].get(name, True):
                table.add_row(one_line(name), f"{value:g}")
        table.add_row("return", f"{earned:g}", style="bold")
        self.console.print(table)
        steps = list(self._steps(truth))
        self.console.print(Text(f"\nRight answer: {one_line(steps[-1] if steps else self._answer(truth))}"))
        for step in steps[:-1]:
            self.console.print(Text(f"  · {printable(step)}"))

    def _steps(self, truth: Mapping[str, Any]) -> Any:
        """Return how the truth comes about: what the environment reveals, or what its case says."""
        cases = getattr(getattr(self.env.unwrapped, "system", None), "cases", None)
        if "explanation" in truth or cases is None or "case" not in truth:
            return truth.get("explanation", ())
        return cases[truth["case"]].explanation
