"""Import files of readings: the whole way from paths and a map to meters and findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ledger.errors import InputError
from ledger.metering.imports.assembly import Assembly
from ledger.metering.imports.collect import Collector
from ledger.metering.imports.columns import Columns
from ledger.metering.imports.espi import EspiRows
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.nem12 import Nem12Rows
from ledger.metering.imports.packed import stem_of
from ledger.metering.imports.parquet_source import ParquetRows
from ledger.metering.imports.register_energy import compute_energy
from ledger.metering.imports.result import ImportResult, SourceFile
from ledger.metering.imports.shape import Rows
from ledger.metering.imports.source import CsvRows, digest_of, is_parquet


def import_files(paths: Sequence[Path], map: MeterMap, *, now: int, progress: Callable[[int], None] = lambda _: None) -> ImportResult:
    """Read files by a map; several files are one: what one repeats of another is found.

    Args:
        now: Unix seconds; a reading more than five minutes later is of the future.
        progress: called with the size of each file that was read.

    Raises:
        InputError: a file cannot be opened, or stamps are local and the map names no zone.
    """
    faults = Faults()
    collector = Collector(map, faults)
    sources: list[Rows] = []
    files: list[SourceFile] = []
    for number, path in enumerate(paths):
        size, digest = digest_of(path)
        source = open_rows(path, map, faults, prefix=f"{path.name} " if len(paths) > 1 else "")
        sources.append(source)
        rows = collector.take(source, number, stem_of(path))
        files.append(SourceFile(path.name, size, digest, rows))
        progress(size)
    columns = collector.conclude()
    _check_zone(map, columns)
    assembly = Assembly(map, columns, sources, now, faults)
    meters = assembly.meters() if map.kind == "interval" else ()
    registers = assembly.registers() if map.kind == "register" else ()
    energies = {register.meter: compute_energy(register, map) for register in registers}
    findings = (*faults.close(), *(finding for _, found in energies.values() for finding in found))
    return ImportResult(map, tuple(files), meters, registers, findings, {meter: energy for meter, (energy, _) in energies.items()})


def open_rows(path: Path, map: MeterMap, faults: Faults, *, prefix: str = "") -> Rows:
    """Return the rows of a file: by the map's layout, Parquet by its first bytes, else CSV."""
    if map.layout == "espi":
        return EspiRows(path, faults=faults, prefix=prefix)
    if is_parquet(path):
        return ParquetRows(path, faults=faults, prefix=prefix)
    table = CsvRows(path, delimiter=map.delimiter, encoding=map.encoding, faults=faults, prefix=prefix, first=map.header)
    return Nem12Rows(table, faults=faults) if map.layout == "nem12" else table


def _check_zone(map: MeterMap, columns: Columns) -> None:
    """Raise InputError where stamps are of the wall's clock and the map does not say of which."""
    if map.zone is None and any(columns.stamps.local):
        raise InputError("the stamps carry no offset from UTC and the map names no zone", hint="add zone, as Asia/Shanghai or +08:00")
