"""What a measurement was taken on: without it a number says nothing.

`python -m scripts.machine` prints it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import ssl
import time
from importlib import metadata
from pathlib import Path

PACKAGES = ("numpy", "py-evm", "web3", "coincurve")


def describe_machine() -> dict[str, object]:
    """Return processor, memory, versions, load and the machine's own SHA-256 rate in MB/s."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": _read_field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": os.cpu_count(),
        "memory": _read_field("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "load_before": None if load is None else f"{load:.2f}",
        "sha256_mb_per_s": measure_sha256(),
    }


def measure_sha256() -> int:
    """Return the best of five passes over 64 MB, in MB/s."""
    data, best = bytes(64_000_000), float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        hashlib.sha256(data).digest()
        best = min(best, time.perf_counter() - begin)
    return round(64 / best)


def _read_field(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


if __name__ == "__main__":
    print(json.dumps(describe_machine(), indent=2))
