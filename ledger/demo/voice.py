"""What the demo says, in English or Chinese: numbered steps, facts beneath, progress only on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")


@dataclass
class Voice:
    """Speaks on one console; counts the steps and the time."""

    console: Console
    chinese: bool = False
    _step: int = 0
    _began: float = field(default_factory=time.monotonic)

    def step(self, en: str, zh: str) -> None:
        """Begin a step."""
        self._step += 1
        self.console.print(
            f"[bold]{self._step:2}. {self.pick(en, zh)}[/bold]  [dim]{time.monotonic() - self._began:5.1f} s[/dim]",
            highlight=False,
            soft_wrap=True,
        )

    def fact(self, en: str, zh: str) -> None:
        """Say one thing that was seen."""
        self.console.print(f"    {self.pick(en, zh)}", highlight=False, soft_wrap=True)

    def pick(self, en: str, zh: str) -> str:
        """Return the text in the language of this voice."""
        return zh if self.chinese else en

    def track(self, items: Iterable[T], total: int, en: str, zh: str) -> Iterator[T]:
        """Yield the items under a progress bar, where there is a terminal."""
        columns = (TextColumn("    {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            yield from progress.track(items, total=total, description=self.pick(en, zh))
