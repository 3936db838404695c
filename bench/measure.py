"""Interleaved repeats and result files: neighbours on the machine slow both sides of a ratio alike."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.machine import describe_machine

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Ratio:
    """(CPU seconds, wall seconds) of every repeat of the work and of what it is compared with, in the order they were taken.

    Both sides run in one thread and wait for nothing, so CPU time is the ratio that counts; the wall's stands beside it and
    drifts with the machine's other work.
    """

    work: tuple[tuple[float, float], ...]
    base: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """Return the median of the CPU-time ratios of neighbouring repeats."""
        return statistics.median(self._ratios(0))

    def _ratios(self, clock: int) -> list[float]:
        return sorted(work[clock] / base[clock] for work, base in zip(self.work, self.base, strict=True))

    def to_document(self) -> dict[str, object]:
        """Return ratio, range and the medians in milliseconds of CPU time."""
        ratios = self._ratios(0)
        return {
            "ratio": round(self.value, 3),
            "ratio_range": [round(ratios[0], 3), round(ratios[-1], 3)],
            "ratio_by_wall_clock": round(statistics.median(self._ratios(1)), 3),
            "repeats": len(ratios),
            "work_cpu_ms": round(1000 * statistics.median(cpu for cpu, _ in self.work), 1),
            "base_cpu_ms": round(1000 * statistics.median(cpu for cpu, _ in self.base), 1),
        }


def measure_ratio(work: Callable[[], object], base: Callable[[], object], repeats: int) -> Ratio:
    """Time `work` and `base` in turns, after one turn of each that is not counted."""
    work(), base()
    seconds: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for turn in range(repeats):
        # The order changes every turn, so that neither always runs on what the other left in the caches.
        for side in (0, 1) if turn % 2 else (1, 0):
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            (work, base)[side]()
            seconds[side].append((time.process_time() - cpu, time.perf_counter() - wall))
    return Ratio(tuple(seconds[0]), tuple(seconds[1]))


def write_result(name: str, result: dict[str, object]) -> Path:
    """Print a result with its machine and write it to bench/results/<date>-<name>.json."""
    today = datetime.now(UTC).date().isoformat()
    document = {"bench": name, "date": today, **result, "machine": describe_machine()}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    print(text)
    path = RESULTS / f"{today}-{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    return path
