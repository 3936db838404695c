"""Parquet files of any common make come out to the Wh by the command."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.metering.import_by_command import bring, draft

FIRST = datetime(2024, 11, 3, 4, tzinfo=UTC)  # midnight in New York, whose clocks go back two hours later
STARTS = [FIRST + timedelta(minutes=15 * at) for at in range(20)]
VALUES = [Decimal(at * 37 % 11) + Decimal(at) / 1000 for at in range(20)]
WANTED = {"M": dict(zip(STARTS, VALUES, strict=True))}


def packed(frame: pl.DataFrame, **options: object) -> bytes:
    made = io.BytesIO()
    frame.write_parquet(made, **options)  # type: ignore[arg-type]
    return made.getvalue()


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("kind", [pl.Decimal(12, 3), pl.Float64, pl.Float32])
def test_timestamps_of_every_unit_and_zone(tmp_path: Path, unit: str, zone: str | None, kind: pl.DataType) -> None:
    times = pl.Series(STARTS).dt.cast_time_unit(unit)  # type: ignore[arg-type]
    if zone != "UTC":
        times = times.dt.convert_time_zone("America/New_York")
    if zone is None:
        times = times.dt.replace_time_zone(None)
    frame = pl.DataFrame({"t": times, "v": pl.Series([str(value) for value in VALUES]).cast(pl.Float64).cast(kind), "m": ["M"] * 20})
    frame = frame.with_columns(pl.col("m").cast(pl.Categorical))
    data = packed(frame, compression="zstd", row_group_size=7)
    done = bring(tmp_path, data, "meter=m,time=t,value=v" + ("" if zone else ",zone=America/New_York"), name="x.parquet")
    assert (done.slots, done.found) == (WANTED, [])
    drafted = draft(tmp_path, data, name="x.parquet")
    assert (drafted["time"], drafted["value"], drafted["meter"]) == (["t"], ["v"], "m")


def test_dates_and_times_of_day_dictionaries_and_nulls(tmp_path: Path) -> None:
    days = [date(2025, 1, 1 + at // 96) for at in range(192)]
    clock = [time(at % 96 // 4, at % 4 * 15) for at in range(192)]
    values = [None if at in (5, 190) else at for at in range(192)]
    frame = pl.DataFrame({"d": days, "h": clock, "v": values, "q": ["A", "E"] * 96}).with_columns(pl.col("q").cast(pl.Enum(["A", "E"])))
    done = bring(tmp_path, packed(frame), "meter_id={file},time=d+h,value=v,quality=q,unit=Wh,zone=+08:00", name="x.parquet")
    assert done.totals == {"x": Decimal(sum(value or 0 for value in values)) / 1000}
    assert done.found == [
        ("VALUE_ABSENT", "row 6 column v"),
        ("VALUE_ABSENT", "row 191 column v"),
        ("READINGS_MISSING", "meter x from 2024-12-31T17:15:00Z to 2024-12-31T17:30:00Z"),
        ("READINGS_MISSING", "meter x from 2025-01-02T15:30:00Z to 2025-01-02T15:45:00Z"),
    ]


def test_wide_floats_with_nan_and_parts_of_seconds(tmp_path: Path) -> None:
    times = [datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 0, 15, tzinfo=UTC), datetime(2025, 1, 1, 0, 30, 0, 500, tzinfo=UTC)]
    frame = pl.DataFrame({"t": times, "A": [0.1, float("nan"), 3.0], "B": [float("inf"), 2e-3, None]})
    done = bring(tmp_path, packed(frame), "layout=columns,time=t", "--leave-out", name="x.parquet")
    assert done.totals == {"A": Decimal("0.1"), "B": Decimal("0.002")}
    assert done.found == [
        ("VALUE_NOT_A_NUMBER", "row 1 column B"),
        ("VALUE_ABSENT", "row 2 column A"),
        ("TIMESTAMP_INVALID", "row 3"),
    ]
