"""Dying on purpose: every call of an object counts as a step, and one of them is the last."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """What a process that dies cannot catch: not an Exception."""


def raise_killed() -> None:
    """Die so that the test goes on."""
    raise Killed


def kill_process() -> None:
    """Die as the machine would have it: no handler, no flush, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Dies at the step that was set: odd numbers before the call, even ones after it, when what it did is done."""

    def __init__(self, step: int, die: Callable[[], None]) -> None:
        self.left, self.die, self.burnt = step, die, 0

    def count(self) -> None:
        """Note one step."""
        self.burnt += 1
        if self.burnt == self.left:
            self.die()

    def guard(self, target: Any, methods: tuple[str, ...]) -> Any:
        """Return the object with these methods counted before and after."""
        return _Guarded(self, target, methods)


class _Guarded:
    def __init__(self, fuse: Fuse, target: Any, methods: tuple[str, ...]) -> None:
        self._fuse, self._target, self._methods = fuse, target, methods

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name not in self._methods:
            return value

        def counted(*arguments: Any, **named: Any) -> Any:
            self._fuse.count()
            result = value(*arguments, **named)
            self._fuse.count()
            return result

        return counted
