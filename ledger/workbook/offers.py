"""The rows that a template stands ready with: every open unit and indicator, in the order of a disclosure table, filled as far as known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ledger.indicators.disclosure import TemplateRow
from ledger.indicators.measure import Indicator
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.organisation import Organisation, Unit
from ledger.records.period import Period
from ledger.workbook.activity_items import new_id
from ledger.workbook.filling import Texts, texts_of
from ledger.workbook.labels import DENOMINATORS as DENOMINATOR_LABELS
from ledger.workbook.labels import NameList, label
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES, DENOMINATORS

DISCLOSURE_TABLE = "sz-2022-1.1"


@dataclass(frozen=True)
class Offer:
    """One ready row of the activity table: its texts, its indicator's id, and what was reported before, for a comment."""

    texts: Texts
    indicator: str
    before: str = ""


@dataclass(frozen=True)
class Making:
    """What a template is made for. `previous` is this period's activity so far, or an earlier period's to start from."""

    organisation: Organisation
    period: Period
    release: Release
    language: str = "zh"
    previous: Activity | None = None
    template: str = DISCLOSURE_TABLE

    @cached_property
    def names(self) -> Mapping[str, NameList]:
        """Return the names behind the code columns."""
        units = NameList((unit.id, unit.name) for unit in self.organisation.units)
        indicators = NameList((indicator.id, indicator.name) for indicator in self.release.indicators)
        return {"unit": units, "at": units, "indicator": indicators}

    @cached_property
    def open_units(self) -> tuple[Unit, ...]:
        """Return the units open in the period, parents before what is below them, in the order of their ids."""
        tree = self.organisation.tree(self.period.last_day)
        found, waiting = [], [tree.root]
        while waiting:
            unit = waiting.pop()
            found.append(unit)
            waiting.extend(reversed(tree.children(unit.id)))
        return tuple(unit for unit in found if unit.is_open(self.period.first_day, self.period.last_day))

    @property
    def filled(self) -> Activity | None:
        """Return the previous activity where it is this period's own, whose values are kept."""
        return self.previous if self.previous is not None and self.previous.period == self.period else None


def indicators_in_order(release: Release, template: str = DISCLOSURE_TABLE) -> tuple[tuple[Indicator, str, str], ...]:
    """Return every indicator with the titles (zh, en) of its row: those of the disclosure table in printed order, then all others.

    A row that shows emissions is computed; the first row that shows an indicator's quantity is where it is reported. Figures that a unit
    reports ready-made come last. A release without the table has no printed order.
    """
    found: dict[str, tuple[Indicator, str, str]] = {}
    for row in _printed(release, template):
        for id in row.indicators:
            indicator = release.find_indicator(id)
            if row.show == "quantity" and indicator is not None:
                found.setdefault(id, (indicator, f"{row.group.zh}：{row.name.zh}", f"{row.group.en}: {row.name.en}"))
    rest = sorted(release.indicators, key=lambda item: (item.dimension == "emissions", item.scope, item.group, item.id))
    for indicator in rest:
        found.setdefault(indicator.id, (indicator, "", ""))
    return tuple(found.values())


def measures_for(release: Release, indicator: Indicator) -> tuple[str, ...]:
    """Return the codes and other spellings of the units in which an indicator may be reported."""
    units = [unit for unit in release.units if indicator.admits_dimension(unit.dimension)]
    return tuple(text for unit in units for text in (unit.code, *unit.aliases))


def offer_activity(making: Making) -> Iterator[Offer]:
    """Yield the rows of the activity table, indicator by indicator in the order of the disclosure table, units within each."""
    records: dict[tuple[str, str], list[Mapping[str, object]]] = {}
    previous = making.previous.to_document() if making.previous is not None else {}
    items = previous.get("records", ())
    for item in items if isinstance(items, list) else ():
        records.setdefault((str(item["indicator"]), str(item["unit"])), []).append(item)
    taken = {str(item["id"]) for items in records.values() for item in items}
    names, units, known = making.names, making.open_units, {unit.id for unit in making.open_units}
    for indicator, zh, en in indicators_in_order(making.release, making.template):
        title = {"row_of_table": zh if making.language == "zh" else en}
        title = title if title["row_of_table"] else {}
        # A unit that is closed by now may still have records of its own in this period's activity; none of them is dropped.
        gone = [unit for key, unit in records if key == indicator.id and unit not in known] if making.filled is not None else []
        for unit in (*(unit.id for unit in units), *sorted(gone)):
            for item in records.get((indicator.id, unit), ()):
                if making.filled is not None:
                    yield Offer(texts_of(ACTIVITY, item, names, making.language) | title, indicator.id)
                else:
                    yield _next_time(making, item, indicator, title)
            if (indicator.id, unit) not in records:
                yield _blank(making, unit, indicator, title, taken)
    # What the release does not know any more is shown too: reading names its cell, instead of losing it.
    for (id, _), items in sorted(records.items()):
        if making.filled is not None and making.release.find_indicator(id) is None:
            yield from (Offer(texts_of(ACTIVITY, item, names, making.language), id) for item in items)


def offer_others(making: Making) -> dict[str, list[Texts]]:
    """Return the ready rows of the other tables by table key: what this period's activity says, and denominators to fill in."""
    found: dict[str, list[Texts]] = {table.key: [] for table in ACTIVITY_TABLES if table is not ACTIVITY}
    filled = making.filled.to_document() if making.filled is not None else {}
    for table in ACTIVITY_TABLES:
        items = filled.get(table.list, ())
        if table is not ACTIVITY and isinstance(items, list):
            found[table.key] = [texts_of(table, item, making.names, making.language) for item in items]
    there = {(texts["unit"], texts["measure"]) for texts in found[DENOMINATORS.key]}
    root = making.organisation.root.id
    for code, _ in DENOMINATOR_LABELS:
        measure = label(DENOMINATOR_LABELS, code, making.language)
        if (root, measure) not in there:
            name = making.names["unit"].label(root, making.language)
            found[DENOMINATORS.key].append({"unit_name": name, "unit": root, "measure": measure})
    return found


def _printed(release: Release, template: str) -> tuple[TemplateRow, ...]:
    return next((table.rows for table in release.templates if table.id == template), ())


def _blank(making: Making, unit: str, indicator: Indicator, title: Texts, taken: set[str]) -> Offer:
    id = new_id({"unit": unit, "indicator": indicator.id}, taken)
    taken.add(id)
    item = {
        "id": id,
        "unit": unit,
        "indicator": indicator.id,
        "start": making.period.first_day.isoformat(),
        "end": making.period.last_day.isoformat(),
        "quantity": {"unit": _usual_measure(making, indicator)},
    }
    return Offer(texts_of(ACTIVITY, item, making.names, making.language) | title, indicator.id)


def _next_time(making: Making, item: Mapping[str, object], indicator: Indicator, title: Texts) -> Offer:
    """Return the row that asks again what was reported in an earlier period: how, from whom, but not how much nor when."""
    texts = texts_of(ACTIVITY, item, making.names, making.language) | title
    before = f"{making.previous.period.id if making.previous else ''}: {texts.get('value', '')} {texts.get('measure', '')}"
    for key in ("value", "first_reading", "last_reading", "sha256", "reference"):
        texts.pop(key, None)
    # Readings and their multiplier make a row count as filled in: they are shown in the comment only.
    register = item.get("register")
    if isinstance(register, Mapping):
        before += f" ({register['first']} → {register['last']})"
        texts.pop("multiplier", None)
    # A record of a part of the period, as of one month, is of the same part again; which days those are is for the bank to say.
    days = {"start": making.period.first_day.isoformat(), "end": making.period.last_day.isoformat()}
    earlier = making.previous.period if making.previous is not None else making.period
    whole = (texts["start"], texts["end"]) == (earlier.first_day.isoformat(), earlier.last_day.isoformat())
    return Offer(texts | days if whole else {key: text for key, text in texts.items() if key not in days}, indicator.id, before)


def _usual_measure(making: Making, indicator: Indicator) -> str:
    for row in _printed(making.release, making.template):
        unit = making.release.find_unit(row.unit)
        if row.show == "quantity" and indicator.id in row.indicators and unit is not None and indicator.admits_dimension(unit.dimension):
            return row.unit
    base = [unit.code for unit in making.release.units if unit.dimension == indicator.dimension and unit.base_units == 1]
    return base[0] if base else ""
