"""Green Button data (ESPI, NAESB REQ.21) as rows of a long table: XML, read twice as a stream (spec: meter-import §10).

First come the types of readings and which meter reading has which; then every interval reading, by the line in which it begins. A value is
multiplied by its power of ten. Document types and entities are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from ledger.metering.imports.faults import Faults
from ledger.metering.imports.packed import DAMAGED, NotOneTable, open_unpacked
from ledger.metering.imports.source import BLOCK, Row, Stopped

TITLES = ("meter", "start", "value", "unit", "seconds", "quality")
# Of UnitSymbolKind those that an import knows; others keep their number, and are refused by it.
UNITS = {"38": "W", "72": "Wh", "42": "m3", "119": "ft3", "128": "gal", "134": "L", "31": "J", "169": "therm"}
# Of QualityOfReading: valid, derived, raw, validated, verified and revenue quality are actual; the rest says what it is.
QUALITIES = (
    dict.fromkeys(("0", "11", "14", "17", "18", "19"), "A")
    | dict.fromkeys(("8", "9", "12", "13", "15"), "E")
    | {
        "7": "M",
        "10": "Q",
        "16": "Q",
    }
)
# AccumulationKind of displays, whose values are no intervals: bulk quantity, cumulative, summation.
DISPLAYS = ("1", "3", "9")
MAX_TEXT = 4_096
MAX_DEPTH = 64


class EspiRows:
    """The rows of a file; the first one, number 0, holds the titles."""

    def __init__(self, path: Path, *, faults: Faults, prefix: str = "") -> None:
        self._path, self._faults, self._prefix = path, faults, prefix

    def place(self, number: int) -> str:
        """Return the place of a row for a finding."""
        return f"{self._prefix}line {number}"

    def rows(self) -> Iterator[Row]:
        """Yield titles and readings.

        Raises:
            Stopped: the file cannot be read; a finding says so.
        """
        yield 0, TITLES
        types = _Types()
        for _ in self._parse(types):
            pass
        readings = _Readings()
        for _ in self._parse(readings):
            for number, block, cells in readings.take():
                kind = types.kind_of(block)
                if kind is None:
                    action = "fetch the file again, with its MeterReading and its ReadingType; this reading is not taken"
                    self._faults.add("FORM_RECORD_INVALID", "error", self.place(number), action, block, "an interval block of a type")
                    continue
                yield number, _row(kind, types.meter_of(block), cells)

    def _parse(self, handler: _Feed) -> Iterator[None]:
        """Feed the file to a handler, and yield after every block."""
        parser: Any = make_parser()
        parser.setFeature(feature_namespaces, True)
        parser.forbid_dtd = True
        parser.setContentHandler(handler)
        handler.line_number = parser.getLineNumber
        try:
            with open_unpacked(self._path) as file:
                while block := file.read(BLOCK):
                    parser.feed(block)
                    yield
                parser.close()
                yield
        except (SAXException, DefusedXmlException, *DAMAGED, NotOneTable) as error:
            action = "give the XML file as it was downloaded; reading stopped here"
            place = self.place(max(1, parser.getLineNumber() or 1))
            self._faults.add("CSV_UNREADABLE", "error", place, action, str(error), "a Green Button file")
            raise Stopped from None


class _Feed(ContentHandler):
    """Follows where in a feed it is: the links of the entry, and the text of the element."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, list[str]] = {}
        self.path: list[str] = []
        self.line_number: Callable[[], int] = lambda: 1
        self._texts: list[str] = []

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:
        if len(self.path) == MAX_DEPTH:
            raise SAXException(f"elements within each other, more than {MAX_DEPTH}")
        self.path.append(name[1])
        self._texts = []
        if name[1] == "entry":
            self.links = {}
        elif name[1] == "link" and (None, "href") in attrs:
            self.links.setdefault(attrs.get((None, "rel"), ""), []).append(attrs[None, "href"].rstrip("/"))
        self.start(name[1])

    def characters(self, content: str) -> None:
        if len(self._texts) < MAX_TEXT:
            self._texts.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:
        self.end(name[1], "".join(self._texts).strip()[:MAX_TEXT])
        self._texts = []
        self.path.pop()

    def start(self, name: str) -> None:
        """Take the beginning of an element."""

    def end(self, name: str, text: str) -> None:
        """Take the end of an element and the text in it."""


class _Types(_Feed):
    """The reading types by their links, and which meter reading is related to which."""

    def __init__(self) -> None:
        super().__init__()
        self._types: dict[str, dict[str, str]] = {}
        self._related: dict[str, list[str]] = {}
        self._current: dict[str, str] = {}
        self._seen = ""

    def start(self, name: str) -> None:
        if name in ("ReadingType", "MeterReading"):
            self._current, self._seen = {}, name

    def end(self, name: str, text: str) -> None:
        if "ReadingType" in self.path and name in ("uom", "powerOfTenMultiplier", "intervalLength", "accumulationBehaviour"):
            self._current[name] = text
        if name == "entry":
            for own in self.links.get("self", []):
                if self._seen == "ReadingType":
                    self._types[own] = self._current
                elif self._seen == "MeterReading":
                    self._related[own] = self.links.get("related", [])
            self._seen = ""

    def kind_of(self, block: str) -> dict[str, str] | None:
        """Return the type of an interval block by its link, or the only type that there is."""
        reading = self._reading_of(block)
        found = [self._types[link] for link in self._related.get(reading, []) if link in self._types]
        if found:
            return found[0]
        return next(iter(self._types.values())) if len(self._types) == 1 else None

    def meter_of(self, block: str) -> str:
        """Return the names of usage point and meter reading, as they stand in the link."""
        parts = self._reading_of(block).split("/")
        names = [parts[at + 1] for at, part in enumerate(parts[:-1]) if part in ("UsagePoint", "MeterReading")]
        return "-".join(names) or "meter"

    def _reading_of(self, block: str) -> str:
        return block.partition("/IntervalBlock")[0]


class _Readings(_Feed):
    """Interval readings: line, link of the block, and what stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self._found: list[tuple[int, str, dict[str, str]]] = []
        self._current: dict[str, str] = {}
        self._line = 0

    def start(self, name: str) -> None:
        if name == "IntervalReading":
            self._current, self._line = {}, self.line_number()

    def end(self, name: str, text: str) -> None:
        if "IntervalReading" not in self.path:
            return
        if name in ("start", "duration", "value", "quality"):
            self._current[name] = text
        elif name == "IntervalReading":
            link = next(iter([*self.links.get("self", []), *self.links.get("up", [])]), "")
            self._found.append((self._line, link, self._current))

    def take(self) -> list[tuple[int, str, dict[str, str]]]:
        """Return what was found since the last time."""
        found, self._found = self._found, []
        return found


def _row(kind: dict[str, str], meter: str, cells: dict[str, str]) -> tuple[object, ...]:
    value: object = cells.get("value", "")
    try:
        power = int(kind.get("powerOfTenMultiplier") or 0)
        value = format(Decimal(str(value)).scaleb(power), "f") if str(value) and abs(power) <= 12 else value
    except (ArithmeticError, ValueError):
        pass  # refused as a text that is no number
    uom = kind.get("uom", "")
    seconds = cells.get("duration") or kind.get("intervalLength", "")
    quality = cells.get("quality", "")
    unit = UNITS.get(uom, f"uom {uom}") if kind.get("accumulationBehaviour") not in DISPLAYS else "display"
    return meter, cells.get("start", ""), value, unit, seconds, QUALITIES.get(quality, quality)
