"""`lingtan.meter-map/1`: what stands where in a file of readings (spec: meter-import §2).

A map is a flat object, written as JSON, as TOML, or in one line as `time=Timestamp,value=kW,zone=Asia/Shanghai`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path

from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.metering.csv_line import QUALITY_LETTERS
from ledger.metering.imports.map_words import (
    CHOICES,
    DECIMALS,
    FORMS,
    GROUPS,
    INTERVALS,
    LISTS,
    MISSING,
    PAIRS,
    SCHEMA,
    SECONDS,
)
from ledger.metering.imports.stamps import check_format, parse_zone
from ledger.metering.imports.unit_table import SMALLEST, UNITS, factor_of, is_demand
from ledger.records.meter_record import Quality, Quantity
from ledger.units import parse_decimal


@dataclass(frozen=True)
class MeterMap:
    """A checked map; the fields are those of spec meter-import §2.

    Raises on construction:
        InputError: a value that no map has, or a combination that says nothing.
    """

    time: tuple[str, ...]
    value: tuple[str, ...] = ()
    layout: str = "long"
    delimiter: str = "auto"
    encoding: str = "auto"
    header: int = 1
    skip: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    meter: tuple[str, ...] = ()
    meter_id: str | None = None
    meters: Mapping[str, str] = field(default_factory=dict)
    format: str = "iso"
    zone: str | None = None
    fold: str = "order"
    stamp: str = "start"
    interval: int | str = 15
    seconds_column: str | None = None
    day_columns: str = "wall"
    kind: str = "interval"
    quantity: str = "el.import"
    unit: str = "kWh"
    unit_column: str | None = None
    multiplier: str = "1"
    decimal: str = "."
    group: str = ""
    quality: str | None = None
    qualities: Mapping[str, str] = field(default_factory=lambda: {letter: letter for letter, _ in QUALITY_LETTERS})
    missing: tuple[str, ...] = MISSING
    sign: str = "positive"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(f"the map's {name} is {getattr(self, name)!r}", hint=f"one of {', '.join(map(repr, choices))}")
        if self.interval not in INTERVALS and not (isinstance(self.interval, str) and SECONDS.fullmatch(self.interval)):
            expected = f"minutes, one of {', '.join(map(str, INTERVALS))}, or seconds that make up a minute, as 30s"
            raise InputError(f"the map's interval is {self.interval}", hint=expected)
        if not 0 <= self.header <= 1000:
            raise InputError(f"the map's header is {self.header}", hint="the line of the titles, from 1; 0 where there are none")
        if not 1 <= len(self.time) <= 2 or (self.layout == "day" and len(self.time) != 1):
            raise InputError("the map's time names one column, or two for date and time", hint="as time=Date+Time; one where layout is day")
        if DECIMALS[self.decimal] == GROUPS[self.group]:
            raise InputError("the map's decimal and group are the same character", hint="name two, or leave group out")
        if self.unit not in UNITS[Quantity(self.quantity)]:
            raise InputError(
                f"the map's unit is {self.unit!r} for {self.quantity}", hint=f"one of {', '.join(UNITS[Quantity(self.quantity)])}"
            )
        if parse_decimal(self.multiplier) <= 0:
            raise InputError("the map's multiplier is not above 0", hint="the ratio of transformers, as 40; sign=inverted turns signs")
        self._check_meters()
        self._check_values()
        check_format(self.format, with_date_only=self.layout == "day")
        if self.zone is not None:
            parse_zone(self.zone)
        known = {letter for letter, _ in QUALITY_LETTERS} | {"-"}
        for letter in self.qualities.values():
            if letter not in known:
                raise InputError(f"the map's qualities name {letter!r}", hint="A, E, M, S, Q, or - for a reading that is missing")

    def _check_meters(self) -> None:
        if self.layout == "columns":
            if self.meter or self.meter_id is not None:
                raise InputError("where layout is columns the titles name the meters", hint="leave meter and meter_id out")
        elif (not self.meter) == (self.meter_id is None):
            raise InputError("the map says either which column names the meter or the one meter's id", hint="give meter or meter_id")
        for id in (*self.meters.values(), *(() if self.meter_id in (None, "{file}") else (str(self.meter_id),))):
            if not is_identifier(id):
                raise InputError(f"the map names a meter {id[:63]!r}", hint="1 to 63 letters, digits, dots, hyphens, underscores")

    def _check_values(self) -> None:
        if self.layout == "long" and not self.value:
            raise InputError("the map does not say which column holds the value", hint="give value")
        if self.kind == "register":
            if is_demand(self.unit) or self.sign == "split":
                raise InputError("a register has a unit of an amount and one direction", hint="as kWh; leave sign=split out")
            if self.unit_column is not None or self.seconds_column is not None:
                raise InputError("registers are imported unit by unit", hint="leave unit_column out; choose rows by where=Unit:kWh")
        elif self.layout in ("day", "columns") and self.seconds_column is not None:
            raise InputError("seconds_column goes with the layout long", hint="give interval")

    @property
    def needs_titles(self) -> bool:
        """Tell whether columns are named by titles, and not by their numbers."""
        return self.header > 0

    @property
    def seconds(self) -> int:
        """Return the length of an interval, where no column says another one."""
        return int(self.interval[:-1]) if isinstance(self.interval, str) else self.interval * 60

    @property
    def elapsed(self) -> bool:
        """Tell whether stamps count what passed of a day, and not the hours of the wall's clock."""
        return (self.layout == "day" and self.day_columns == "elapsed") or self.format.startswith("day_slot")

    def factor_of(self, unit: str, seconds: int) -> Fraction:
        """Return the smallest units (mWh, L, kJ) of 1 of a unit, the map's multiplier in it."""
        return factor_of(unit, Quantity(self.quantity), seconds) * parse_decimal(self.multiplier)

    @property
    def smallest_unit(self) -> str:
        """Return what whole numbers of slots and totals count: mWh, L or kJ."""
        return SMALLEST[self.quantity.split(".")[0]]

    @property
    def quality_of(self) -> Mapping[str, Quality]:
        """Return the quality of every text of the quality column."""
        letters = dict(QUALITY_LETTERS) | {"-": Quality.MISSING}
        return {text: letters[letter] for text, letter in self.qualities.items()}

    def to_document(self) -> dict[str, object]:
        """Return the map as its document, without what is as it would be anyway."""
        document: dict[str, object] = {"schema": SCHEMA}
        plain = MeterMap(("time",), ("value",), meter=("meter",))
        for item in fields(self):
            found = getattr(self, item.name)
            if item.name in ("time", "value", "meter") or found != getattr(plain, item.name):
                if found is None or (item.name in ("meter", "value") and not found):
                    continue
                if found == FORMS.get(self.layout, {}).get(item.name):
                    continue
                if isinstance(found, tuple):
                    found = found[0] if item.name == "meter" and len(found) == 1 else list(found)
                document[item.name] = dict(found) if isinstance(found, Mapping) else found
        return document

    @classmethod
    def from_document(cls, document: object) -> MeterMap:
        """Return the map of an object.

        Raises:
            InputError: a field that a map has not, or one of another form.
        """
        if not isinstance(document, Mapping):
            raise InputError("a map is an object", hint='as {"schema": "lingtan.meter-map/1", "time": "timestamp", …}')
        given = dict(document)
        if given.pop("schema", SCHEMA) != SCHEMA:
            raise InputError(f"this is no {SCHEMA}", hint="see docs/spec/meter-import.md")
        form = FORMS.get(str(given.get("layout")), {})
        if unknown := [name for name in form if name in given and name not in ("zone", "qualities")]:
            raise InputError(f"the layout {given['layout']} says itself what stands where", hint=f"leave {', '.join(unknown)} out")
        given = {**form, **given}
        if "time" not in given:
            raise InputError("the map does not say which column holds the time", hint="give time")
        kinds = {item.name: item for item in fields(cls)}
        for name, value in given.items():
            if name not in kinds:
                raise InputError(f"a map has no field {str(name)[:40]!r}", hint=f"its fields are {', '.join(kinds)}")
            given[name] = _field(name, value)
        return cls(**given)

    @classmethod
    def of_line(cls, text: str) -> MeterMap:
        """Return the map of one line: `time=Date+Time,value=kW,zone=+08:00,meters=201:A+202:B`."""
        given: dict[str, object] = {}
        for part in text.split(","):
            name, equal, value = part.partition("=")
            if not equal or name.strip() in given:
                raise InputError(f"not a map: {part[:40]!r}", hint="as time=timestamp,value=kW,unit=kW; titles with commas need a file")
            name = name.strip()
            if name in LISTS:
                given[name] = value.split("+")
            elif name in PAIRS:
                pairs = [item.rpartition(":") for item in value.split("+")]
                given[name] = {source: target for source, _, target in pairs}
            else:
                given[name] = value
        return cls.from_document(given)


def _field(name: str, value: object) -> object:
    wrong = InputError(f"the map's {name} has another form", hint="see docs/spec/meter-import.md §2")
    if name == "interval" and isinstance(value, str) and not value.isdecimal():
        return value
    if name in ("header", "interval"):
        if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).isdecimal():
            raise wrong
        return int(value)
    if name in LISTS:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) for item in items):
            raise wrong
        return tuple(item.strip() for item in items)
    if name in PAIRS:
        if not isinstance(value, Mapping) or not all(isinstance(item, str) for pair in value.items() for item in pair):
            raise wrong
        return {source.strip(): target for source, target in value.items()}
    if not isinstance(value, str):
        raise wrong
    return value.strip() if name in ("quality", "unit_column", "seconds_column") else value


def load_map(text: str) -> MeterMap:
    """Return the map that an option names: a .json or .toml file, or a line of `name=value`.

    Raises:
        InputError: the file cannot be read, or it is no map.
    """
    path = Path(text)
    if path.suffix.lower() not in (".json", ".toml"):
        return MeterMap.of_line(text)
    try:
        data = path.read_text(encoding="utf-8-sig")
        return MeterMap.from_document(json.loads(data) if path.suffix.lower() == ".json" else tomllib.loads(data))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"the map {path} cannot be read: {error}", hint="a JSON or TOML file in UTF-8") from error
