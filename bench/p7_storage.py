"""P7: what a reading costs on disk. Goals: at most 16 bytes in SQL, body and meter-day and everything beside them, and 2 in the archive.

Takes a month of made-up days (to the watt-hour, with noise) of 208 meters into a fresh SQLite house, derives it, and divides the growth of
the whole database file by the readings: in batches of 104 meter-days (9,984 readings), of one, and as JSON envelopes of one. The archive is
a bank's month in one file.
Run: `python -m bench.p7_storage [--days 30]`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from bench.measure import write_result
from ledger.clock import FixedClock
from ledger.metering.archive import pack
from ledger.metering.body import BATCH, ENVELOPE
from ledger.metering.meter_day import MeterDay
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.services.intake import Intake, Offer, Refused
from ledger.services.projection import bring_house_up_to_date
from scripts.fleet_house import BANK, FleetGateway, FleetHouse, found_house, made_up_day

GOAL_SQL, GOAL_ARCHIVE = 16, 2
FIRST_DAY, METERS = 20_454, 104
NOW = (FIRST_DAY + 400) * 86_400


def file_bytes(house: FleetHouse) -> int:
    """Return the size of the database file with nothing left in its write-ahead log."""
    opened = house.open()
    with opened.database.connection() as connection:
        connection.exec_driver_sql("SELECT 1")
    opened.close()
    return (house.folder / "ledger.sqlite").stat().st_size


def grow(bodies: list[tuple[str, bytes]], gateways: list[FleetGateway], folder: Path) -> int:
    """Return by how many bytes the file grows when these bodies are taken and derived."""
    house = found_house(folder, gateways, NOW)
    before = file_bytes(house)
    opened = house.open(FixedClock(NOW))
    intake = Intake(opened.database)
    for start in range(0, len(bodies), 32):
        prepared = [intake.prepare(Offer(BANK, "fleet", kind, body)) for kind, body in bodies[start : start + 32]]
        with opened.database.unit_of_work() as session:
            took = intake.take(session, [item for item in prepared if not isinstance(item, Refused)], NOW)
        intake.remember(took)
        assert not any(isinstance(outcome, Refused) for outcome in (*prepared, *took.outcomes))
    bring_house_up_to_date(opened)
    opened.close()
    return file_bytes(house) - before


def archived(days: list[list[MeterDay]]) -> int:
    """Return the bytes of the archive of these days, one record a meter."""
    records = []
    for own in zip(*days, strict=True):
        values, quality = b"".join(day.values for day in own), b"".join(day.quality for day in own)
        records.append(MeterRecord(bytes(32), FIRST_DAY * 86_400, 15, Quantity.EL_IMPORT, values, quality))
    return len(pack(records))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    generator, outcome = np.random.default_rng(7), dict[str, object]()
    names = [f"M-{at:03d}" for at in range(2 * METERS)]
    days = [[made_up_day(meter, FIRST_DAY + number, generator) for meter in names] for number in range(options.days)]
    readings = 96 * options.days * len(names)
    figures: dict[str, float] = {}
    for form in ("batch_9984", "batch_96", "envelope_96"):
        gateways = [FleetGateway("GW-0", tuple(names[:METERS])), FleetGateway("GW-1", tuple(names[METERS:]))]
        bodies: list[tuple[str, bytes]] = []
        for of_day in days:
            for gateway, own in zip(gateways, (of_day[:METERS], of_day[METERS:]), strict=True):
                parts = [own] if form == "batch_9984" else [[day] for day in own]
                if form == "envelope_96":
                    bodies += [(ENVELOPE, gateway.envelope(part[0], NOW)) for part in parts]
                else:
                    bodies += [(BATCH, gateway.batch(part, NOW)) for part in parts]
        with tempfile.TemporaryDirectory() as folder:
            figures[form] = grow(bodies, gateways, Path(folder)) / readings
        outcome[form] = {"bytes_per_reading": round(figures[form], 2), "bodies": len(bodies), "body_bytes": len(bodies[0][1])}
    figures["archive"] = archived(days) / readings
    outcome["archive"] = {"bytes_per_reading": round(figures["archive"], 2)}
    write_result(
        "p7", {"what": "bytes on disk per reading", "goal": "at most 16 in SQL, 2 in the archive", "readings": readings, **outcome}
    )
    print(
        f"P7: {figures['batch_9984']:.2f} bytes a reading in SQL (goal: at most {GOAL_SQL}), {figures['batch_96']:.2f} in bodies of a day,"
    )
    print(f"    {figures['envelope_96']:.2f} as JSON envelopes; {figures['archive']:.2f} in the archive (goal: at most {GOAL_ARCHIVE})")


if __name__ == "__main__":
    main()
