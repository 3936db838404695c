"""Make the workbook that one institution fills in for one period, with one release: everything offered, nothing to look up."""

from __future__ import annotations

from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.fields import period_document
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.workbook import guide
from ledger.workbook.columns import Table
from ledger.workbook.offers import Making, measures_for, offer_activity, offer_others
from ledger.workbook.reading import META_SHEET, TEMPLATE_VERSION, WORKBOOK_SCHEMA
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES
from ledger.workbook.xlsx_writer import FilledRow, XlsxWriter


def make_workbook(
    organisation: Organisation, period: Period, release: Release, *, language: str = "zh", previous: Activity | None = None
) -> bytes:
    """Return the bytes of an .xlsx template.

    Its sheets are a guide, the tables of ledger.workbook.tables, and two hidden ones: what the workbook was made for, and the lists of
    its drop-downs. The rows of the activity are in the order of the release's disclosure table, one for each open unit and indicator.

    Args:
        language: zh or en, for titles, names and comments; the reader takes both.
        previous: this period's activity so far, which is filled in whole, or an earlier period's, from which everything but quantities
            and dates of parts is taken over, the earlier quantity as a comment.
    """
    making = Making(organisation, period, release, language, previous)
    writer = XlsxWriter(language)
    writer.add_lines(guide.TITLE.in_language(language), _guide(making))
    others = offer_others(making)
    lists = _lists(making)
    for table in ACTIVITY_TABLES:
        rows = _activity_rows(making) if table is ACTIVITY else [FilledRow(texts) for texts in others[table.key]]
        writer.add_table(table, rows, lists | _choices(table, language))
    writer.add_pairs(META_SHEET, _meta(making))
    return writer.to_bytes()


def _guide(making: Making) -> list[str]:
    first, *rest = (line.in_language(making.language) for line in guide.LINES)
    facts = (
        (guide.INSTITUTION, f"{making.organisation.name.in_language(making.language)} ({making.organisation.institution})"),
        (guide.PERIOD, f"{making.period.id}: {making.period.first_day} – {making.period.last_day}"),
        (guide.RELEASE, f"{making.release.release} {making.release.hash}"),
    )
    return [first, *(f"{name.in_language(making.language)}: {value}" for name, value in facts), *rest]


def _activity_rows(making: Making) -> list[FilledRow]:
    measures = {indicator.id: measures_for(making.release, indicator) for indicator in making.release.indicators}
    before = guide.EARLIER.in_language(making.language)
    return [
        FilledRow(
            offer.texts,
            {"measure": measures.get(offer.indicator, ())},
            {"value": f"{before} {offer.before}"} if offer.before else {},
        )
        for offer in offer_activity(making)
    ]


def _lists(making: Making) -> dict[str, tuple[str, ...]]:
    names = making.names
    units = tuple(names["unit"].label(unit.id, making.language) for unit in making.open_units)
    power = tuple(unit.code for unit in making.release.units if unit.dimension == "electricity")
    emissions = tuple(unit.code for unit in making.release.units if unit.dimension == "emissions")
    return {
        "unit_name": units,
        "at_name": units,
        "indicator_name": tuple(names["indicator"].label(id, making.language) for id in names["indicator"].ids),
        "measure": power,
        "unit": emissions,
        "factor": tuple(factor.id for factor in making.release.factors if factor.owner in (None, making.organisation.institution)),
    }


def _choices(table: Table, language: str) -> dict[str, tuple[str, ...]]:
    # What a column itself offers comes before a list of the same name in another table; a column of free values has no list.
    found: dict[str, tuple[str, ...]] = {}
    for column in table.columns:
        if column.labels:
            found[column.key] = tuple(name.in_language(language) for _, name in column.labels)
        elif column.kind in ("decimal", "code") or (column.kind == "text" and column.key != "factor"):
            found[column.key] = ()
    return found


def _meta(making: Making) -> dict[str, str]:
    period = {key: str(value) for key, value in period_document(making.period).items()}
    return {
        "schema": WORKBOOK_SCHEMA,
        "version": TEMPLATE_VERSION,
        "institution": making.organisation.institution,
        "period": period["id"],
        "start": period["start"],
        "end": period["end"],
        "timezone": period["timezone"],
        "release": making.release.release,
        "release_hash": making.release.hash,
        "language": making.language,
    }
