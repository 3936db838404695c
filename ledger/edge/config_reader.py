"""Read tables of TOML strictly: every missing, unknown or wrong setting becomes one problem, and reading goes on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MAX_SECRET_BYTES = 4096
_LONGEST = 500


class Section:
    """One table: settings are taken out by name; `finish` names what nobody took."""

    def __init__(self, name: str, values: object, problems: list[str], *, given: bool = True) -> None:
        self._name, self._problems, self.given = name, problems, given
        self._values: Mapping[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            problems.append(f"{name} is no table")
        self._taken: set[str] = set()

    def refuse(self, key: str, got: object, expected: str) -> None:
        """Note that a setting is wrong."""
        self._problems.append(f"{self._place(key)}: got {str(got)[:60]!r}, expected {expected}")

    def finish(self) -> None:
        """Note every setting that is not ours."""
        for key in self._values:
            if key not in self._taken:
                self._problems.append(f"{self._place(key)} is no setting of ours")

    def text(self, key: str, otherwise: str | None = None) -> str:
        """Return a text; empty, with a problem, where it is missing or none."""
        value = self._take(key)
        if value is None:
            if otherwise is None:
                self._problems.append(f"{self._place(key)} is missing")
            return otherwise or ""
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            self.refuse(key, value, "a text")
            return ""
        return value

    def matching(self, key: str, good: Callable[[str], bool], expected: str, otherwise: str | None = None) -> str:
        """Return a text of a certain form."""
        value = self.text(key, otherwise)
        if value and not good(value):
            self.refuse(key, value, expected)
        return value

    def integer(self, key: str, least: int, greatest: int, otherwise: int) -> int:
        """Return a whole number within limits."""
        value = self._take(key)
        if value is None:
            return otherwise
        if type(value) is not int or not least <= value <= greatest:
            self.refuse(key, value, f"a whole number from {least} to {greatest}")
            return otherwise
        return value

    def path(self, key: str, folder: Path, otherwise: str | None = None) -> Path | None:
        """Return a path, relative ones below `folder`; None where it is not given."""
        text = self.text(key, otherwise)
        return folder / text if text else None

    def secret(self, key: str, folder: Path, otherwise: str | None = None) -> str:
        """Return the one line of a file that only its owner may read; empty where it is not given."""
        path = self.path(key, folder, otherwise)
        if path is None:
            return ""
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(MAX_SECRET_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self.refuse(key, path, "a file that can be read")
            return ""
        if mode & 0o077:
            self.refuse(key, f"mode {mode:04o}", f"a file that only its owner reads: chmod 600 {path}")
        if not text:
            self.refuse(key, "an empty file", "a secret")
        return text

    def section(self, key: str, *, required: bool = True) -> Section:
        """Return a table within this one."""
        value = self._take(key)
        if value is None and required:
            self._problems.append(f"{self._place(key)} is missing")
        if value is None:
            return Section(self._place(key), {}, [] if required else self._problems, given=False)
        return Section(self._place(key), value, self._problems)

    def sections(self, key: str, *, at_least: int = 0, at_most: int = 100) -> list[Section]:
        """Return a list of tables within this one."""
        value = self._take(key)
        items = value if isinstance(value, list) else []
        if (value is not None and not isinstance(value, list)) or not at_least <= len(items) <= at_most:
            self.refuse(key, "nothing" if value is None else f"{len(items)} tables", f"a list of {at_least} to {at_most} tables")
        return [Section(f"{self._place(key)}[{at}]", item, self._problems) for at, item in enumerate(items[:at_most])]

    def _take(self, key: str) -> Any:
        self._taken.add(key)
        return self._values.get(key)

    def _place(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key
