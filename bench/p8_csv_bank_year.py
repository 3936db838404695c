"""P8: a long CSV (one reading per line) to a verified bank-year, against the fastest parser alone. Goal: at most 3 times.

The work: the file's SHA-256, every line to exact mWh, order, repeats and gaps, each meter's record for the period, the sum tree's R and
totals. The parser alone only makes columns of the lines: texts, floats, and timestamps where it reads them unasked. Which of pyarrow,
polars, pandas and duckdb is the fastest is measured first. CPU time is compared, because parsers use both cores and the work one.
Run: `python -m bench.p8_csv_bank_year [--meters 120] [--repeats 5]`; 1,000 meters are the whole. pyarrow and duckdb are installed into
bench/.peers, by their hashes; without them the rest is compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.measure import measure_ratio, write_result
from bench.p1_bank_year import CONTEXT, KEYS, PERIOD
from ledger.merkle.keys import meter_asset
from ledger.merkle.sums import Leaf, SumTree, record_hash
from ledger.metering.csv_line import MeterFacts
from ledger.metering.csv_source import MeterReadings, read_meter_csv
from ledger.records.meter_record import MeterRecord, Quality, Quantity

GOAL = 3.0
HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
NOW = PERIOD.end + 1
SLOTS = PERIOD.slots(15)


def write_file(path: Path, meters: int) -> int:
    """Write one year of made-up but office-like readings, meter by meter, three decimals of a kWh; return their sum in mWh."""
    generator, total = np.random.default_rng(2025), 0
    instants = np.datetime_as_string((np.arange(SLOTS) * 900 + PERIOD.start).astype("datetime64[s]"), unit="s").tolist()
    daily = 500 + 400 * np.sin(np.arange(SLOTS) % 96 / 96 * 3.14)
    with path.open("w", encoding="ascii") as file:
        file.write("meter,timestamp,kWh,quality\n")
        for at in range(meters):
            values = (daily + generator.integers(0, 100 if at % 2 else 20_000, SLOTS)).astype(np.int64)
            total += int(values.sum()) * 1000
            rows = zip(instants, values.tolist(), strict=True)
            file.write("".join(f"M{1_000_000 + at},{instant}Z,{value // 1000}.{value % 1000:03d},A\n" for instant, value in rows))
    return total


def verify_bank_year(path: Path, meters: dict[str, MeterFacts]) -> tuple[bytes, tuple[int, ...]]:
    """Return R and totals of the file; refuse it for any finding."""
    reading = read_meter_csv(chunks(path), meters=meters, now=NOW)
    if reading.findings or len(reading.readings) != len(meters):
        raise SystemExit(f"the file is not whole: {reading.findings[:3]}")
    leaves = []
    for name, readings in reading.readings.items():
        key = KEYS.leaf_key(meter_asset(name, Quantity.EL_IMPORT), PERIOD.start, PERIOD.end)
        record = record_of(readings, key)
        leaves.append(Leaf(key, record.measures, record_hash(KEYS.salt(CONTEXT.digest(), key), record.leaf_record())))
    tree = SumTree.build(CONTEXT, sorted(leaves, key=lambda leaf: leaf.key))
    return tree.root, tree.totals


def record_of(readings: MeterReadings, key: bytes) -> MeterRecord:
    """Return the record of the period; slots without a reading are missing."""
    within = readings.slots - PERIOD.start // 900
    if len(within) == SLOTS and int(within[0]) == 0 and int(within[-1]) == SLOTS - 1:
        values, quality = readings.values.astype("<i8", copy=False).tobytes(), readings.quality.tobytes()
    else:
        filled, flags = np.zeros(SLOTS, dtype="<i8"), np.full(SLOTS, int(Quality.MISSING), dtype=np.uint8)
        filled[within], flags[within] = readings.values, readings.quality
        values, quality = filled.tobytes(), flags.tobytes()
    return MeterRecord(key, PERIOD.start, 15, Quantity.EL_IMPORT, values, quality)


def chunks(path: Path) -> Iterator[bytes]:
    """Yield the file in pieces of a megabyte."""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def find_parsers(path: Path) -> dict[str, Callable[[], object]]:
    """Return the parsers that can be had, each as a call that parses the file."""
    import pandas
    import polars

    parsers: dict[str, Callable[[], object]] = {
        f"polars {polars.__version__}": lambda: polars.read_csv(path),
        f"pandas {pandas.__version__} (c)": lambda: pandas.read_csv(path, engine="c"),
    }
    if not (PEERS / "pyarrow").is_dir():
        wanted = ("install", "--quiet", "--no-deps", "--require-hashes", "--target", str(PEERS), "-r", str(HERE / "parsers.txt"))
        subprocess.run([sys.executable, "-m", "pip", *wanted], check=False)
    sys.path.insert(0, str(PEERS))
    try:
        import duckdb
        import pyarrow
        import pyarrow.csv
    except ImportError as error:
        print(f"without {error.name}: it could not be installed into {PEERS}")
        return parsers
    parsers[f"pyarrow {pyarrow.__version__}"] = lambda: pyarrow.csv.read_csv(path)
    parsers[f"duckdb {duckdb.__version__}"] = lambda: duckdb.read_csv(str(path)).to_arrow_table()
    return parsers


def rank_parsers(parsers: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each parser's best CPU seconds of two, the fastest first."""
    seconds = {}
    for name, parse in parsers.items():
        best = float("inf")
        for _ in range(2):
            begin = time.process_time()
            parse()
            best = min(best, time.process_time() - begin)
        seconds[name] = best
    return dict(sorted(seconds.items(), key=lambda item: item[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    meters = {name: MeterFacts(name) for name in (f"M{1_000_000 + at}" for at in range(options.meters))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank-year.csv"
        total = write_file(path, options.meters)
        root, totals = verify_bank_year(path, meters)
        if totals[0] != total:
            raise SystemExit(f"{totals[0]} mWh were read, {total} written")
        parsers = find_parsers(path)
        ranked = rank_parsers(parsers)
        fastest = next(iter(ranked))
        ratio = measure_ratio(lambda: verify_bank_year(path, meters), parsers[fastest], options.repeats)
        outcome: dict[str, object] = {
            "what": f"long CSV to a verified bank-year ÷ {fastest} alone over the same file",
            "goal": f"at most {GOAL}",
            **ratio.to_document(),
            "meters": options.meters,
            "readings": options.meters * SLOTS,
            "bytes": path.stat().st_size,
            "root": root.hex(),
            "total_mwh": str(total),
            "parsers_cpu_ms": {name: round(1000 * seconds) for name, seconds in ranked.items()},
        }
    write_result("p8", outcome)
    print(f"P8: {ratio.value:.2f} times {fastest} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
