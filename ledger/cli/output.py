"""What a command writes: a document for programs (--json) or words for people; findings as a table; trouble on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from ledger.cli.failures import Failure
from ledger.cli.finding_actions import ACTIONS
from ledger.cli.finding_words import code_words, severity_word
from ledger.cli.messages import Language, label, say

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 240
"""Columns where there is no terminal: hashes and places must not be broken in a log or a pipe."""
FINDING_COLUMNS = ("severity", "code", "place", "got", "expected", "action")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}


def printable(value: object) -> str:
    """Return a value as one line that cannot steer a terminal: what a file or a server says may hold anything."""
    text = "" if value is None else str(value)
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def tonnes(grams: str | int) -> str:
    """Return grams as exact tonnes: 1234567 → 1.234567 t."""
    number = int(grams)
    sign, whole, rest = "-" if number < 0 else "", abs(number) // 1_000_000, abs(number) % 1_000_000
    return f"{sign}{whole:,}.{rest:06d} t"


def percent(bp: str | int | None) -> str | None:
    """Return basis points as percent: -125 → -1.25 %; nothing where there are none."""
    if bp is None:
        return None
    number = int(bp)
    return f"{'-' if number < 0 else ''}{abs(number) // 100:,}.{abs(number) % 100:02d} %"


@dataclass(frozen=True)
class Output:
    """Where results and trouble go, and in which language and form."""

    language: Language = "en"
    json: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def say(self, key: str, **facts: object) -> str:
        """Return a message in the language of this output."""
        return say(key, self.language, **facts)

    def note(self, key: str, **facts: object) -> None:
        """Tell something beside the result, on stderr; with --json nothing but the result and errors is written."""
        if not self.json:
            self._console(sys.stderr).print(printable(self.say(key, **facts)), style="dim", highlight=False, markup=False, soft_wrap=True)

    def heading(self, key: str) -> None:
        """Write the title of a part of a result on stdout."""
        if not self.json:
            self._console(sys.stdout).print(printable(self.say(key)), style="bold", highlight=False, markup=False, soft_wrap=True)

    def record(self, document: Mapping[str, Any], fields: Sequence[tuple[str, object]]) -> None:
        """Write one thing: its document with --json, else its fields by name."""
        if self.json:
            return self.document(document)
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, value in fields:
            if value not in (None, ""):
                table.add_row(Text(label(name, self.language), style="bold"), Text(printable(self._shown(value))))
        self._console(sys.stdout).print(table)
        return None

    def table(self, document: object, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write several things: their document with --json, else a table."""
        if self.json:
            return self.document(document)
        self._print_table(columns, rows, sys.stdout)
        return None

    def findings(self, findings: Sequence[Mapping[str, Any]]) -> None:
        """Write findings as a table on stdout, the most severe first; with --json they are part of the document."""
        if self.json:
            return
        if not findings:
            self.note("no_findings")
            return
        order = list(_STYLES)
        ranked = sorted(findings, key=lambda item: order.index(str(item["severity"])) if item["severity"] in order else len(order))
        rows = [tuple(self._finding_cell(column, item) for column in FINDING_COLUMNS) for item in ranked]
        self._print_table(FINDING_COLUMNS, rows, sys.stdout, styles=[_STYLES.get(str(item["severity"]), "") for item in ranked])

    def _finding_cell(self, column: str, finding: Mapping[str, Any]) -> object:
        value = finding.get(column)
        if column == "action":
            return ACTIONS.get(str(finding.get("code")), value) if self.language == "zh" else value
        words = {"severity": severity_word, "code": code_words}.get(column)
        return value if words is None else words(str(value), self.language)

    def _shown(self, value: object) -> object:
        return self.say("yes" if value else "no") if isinstance(value, bool) else value

    def document(self, document: object) -> None:
        """Write a document as JSON on stdout."""
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")

    def failure(self, failure: Failure) -> None:
        """Write `error:` and then `hint:` on stderr; one JSON object with --json."""
        if failure.trace:
            sys.stderr.write(failure.trace)
        if self.json:
            sys.stderr.write(json.dumps(failure.to_document(), ensure_ascii=False) + "\n")
            return
        console = self._console(sys.stderr)
        self._line(console, "error", failure.message, "red")
        for pointer, code, detail in failure.places:
            console.print(printable(f"  {pointer}: {code}: {detail}"), highlight=False, markup=False, soft_wrap=True)
        if failure.hint:
            self._line(console, "hint", failure.hint, "cyan")

    @contextmanager
    def progress(self, total: int, key: str, **facts: object) -> Iterator[Callable[[int], None]]:
        """Yield a function that advances a bar by so many of `total`; the bar is on stderr, and only on a terminal."""
        console = self._console(sys.stderr)
        if self.json or not console.is_terminal:
            yield lambda _: None
            return
        from rich.progress import Progress

        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(printable(self.say(key, **facts)), total=total)
            yield lambda amount: progress.advance(task, amount)

    def _line(self, console: Console, key: str, text: str, style: str) -> None:
        from rich.text import Text

        separator = "：" if self.language == "zh" else ": "
        line = Text.assemble((self.say(key) + separator, f"bold {style}"), printable(text))
        console.print(line, highlight=False, soft_wrap=True)

    def _print_table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], stream: TextIO, *, styles: Sequence[str] = ()) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(label(column, self.language), overflow="fold")
        for number, row in enumerate(rows):
            table.add_row(*(Text(printable(self._shown(cell))) for cell in row), style=styles[number] if styles else None)
        self._console(stream).print(table)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        plain = bool(self.environment.get("NO_COLOR"))
        width = None if stream.isatty() else PLAIN_WIDTH
        return Console(file=stream, width=width, no_color=plain, color_system=None if plain else "auto", soft_wrap=False)
