"""How far a long run is, where a person looks at it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from medenvs.policies.printable import one_line


class Progress:
    """A progress bar on standard error, where a person looks at it."""

    def __init__(self, quiet: bool) -> None:
        console = Console(stderr=True)
        parts = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*parts, console=console, disable=quiet or not console.is_terminal, transient=True)
        self._task = self._bar.add_task("")
        self.done = self.total = 0

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def tick(self, label: str, done: int, total: int) -> None:
        """Show how far the run is."""
        self.done, self.total = done, total
        self._bar.update(self._task, description=one_line(label, 60), completed=done, total=total)
