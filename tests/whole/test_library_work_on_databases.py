"""A year of the library on both databases: a local factor, a draft and its impact, the successor in force, an answer in a package."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path

import pytest

from ledger.chain.typed_data import ReleaseKind
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.services import activity, answers, library, library_drafts, library_impact, library_users, local_factors, periods
from ledger.services.fsck import check_house
from tests.product import AUDITOR, LIBRARIAN, Town, preparer
from tests.services.books import DAYS, add_books, fuels
from tests.services.test_library_work import steam
from tests.whole.scene import activity as activity_of
from tests.whole.scene import record, verify, write_package, write_policy
from tests.whole.test_engines import a_town

APRIL = ("2025-04", date(2025, 4, 1), date(2025, 4, 2))


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_release_follows_another_and_what_was_signed_stays(database: str, tmp_path: Path) -> None:
    with a_town("embedded", database, tmp_path) as town:
        town.found_centre()
        add_books(town, "oak")
        signed = sign_with_an_answer(town)
        open_april(town)
        draft = take_local_factor_in(town)

        with town.house.view(LIBRARIAN) as work:
            impact = library_impact.preview_impact(work, "next", "oak")
        assert [(item.period, item.state, item.changed_lines) for item in impact.periods] == [
            ("2025-03", "closed", 0),
            ("2025-04", "open", 2),
        ]
        assert [item.code for item in impact.periods[1].disappearing] == ["FACTOR_UNKNOWN"], (
            "the bank chose what comes with the next release"
        )
        assert impact.periods[1].before is None
        assert impact.periods[1].after is not None

        town.publish(draft, ReleaseKind.INDICATOR_LIBRARY)
        assert {item.release: item.state for item in releases(town)} == {shipped_release().release: "superseded", "next": "published"}
        statement = town.prepare("oak", "2025-04")
        assert (statement.library, statement.totals) == (canonical.digest(draft), impact.periods[1].after)
        with town.house.view(AUDITOR) as work:
            used = library_users.find_factor_users(work, "local.oak.steam")
            assert [(item.statement, item.grams) for item in used.statements] == [(statement.id, 90_000)]
            assert [item.period for item in used.choices] == ["2025-04"]
            assert check_house(work) == ()

        package = write_package(town, signed, tmp_path)
        with zipfile.ZipFile(package) as archive:
            kept = json.loads(archive.read("answers.json"))
        assert [(item["code"], item["reason"]) for item in kept["items"]] == [("METER_AND_INVOICE", "the annexe has no meter")]
        code, answer = verify(town, "package", package, write_policy(town, tmp_path))
        assert code == 0, [check for check in answer["checks"] if check["outcome"] != "PASS"]


def sign_with_an_answer(town: Town) -> str:
    """Oak's March with an invoice beside the meter, answered and anchored."""
    document = fuels("oak")
    document["records"] = sorted(
        (record("annexe", "outlet", "electricity.purchased", "10", "kWh", DAYS), *document["records"]), key=lambda item: item["id"]
    )
    with town.work(preparer("oak")) as work:
        assert activity.submit_activity(work, "oak", "2025-03", document).accepted
    view = town.prepare("oak", "2025-03")
    finding = next(item for item in view.findings if item.code == "METER_AND_INVOICE")
    with town.work(preparer("oak")) as work:
        answers.answer_finding(work, view.id, finding.code, finding.place, "the annexe has no meter")
    town.attest("oak", view.id)
    town.relay()
    return view.id


def open_april(town: Town) -> None:
    """Oak's April: heat with a factor of its own, and the electricity of a bill."""
    with town.work(preparer("oak")) as work:
        view = periods.open_period(work, "oak", id=APRIL[0], first_day=APRIL[1], last_day=APRIL[2])
        days = periods.to_period(periods.load_period_row(work, "oak", view.id))
        choice = {"indicator": "heat.purchased", "use": "location", "factor": "local.oak.steam", "reference": "our supplier"}
        records = [
            record("heat", "hq", "heat.purchased", "1000", "MJ", days),
            record("power", "outlet", "electricity.purchased", "100", "kWh", days),
        ]
        assert activity.submit_activity(work, "oak", "2025-04", activity_of("oak", days, records, factor_choices=[choice])).accepted


def take_local_factor_in(town: Town) -> dict[str, object]:
    """Submit and accept oak's factor, and return the draft that holds it."""
    with town.work(preparer("oak")) as work:
        submitted = local_factors.submit_local_factor(work, "oak", steam())
    with town.work(LIBRARIAN) as work:
        local_factors.review_local_factor(work, submitted.id, "accepted", "compared with the letter")
        library_drafts.draft_from(work, shipped_release().hash, "next", date(2026, 1, 1), include_local=True)
        document = canonical.load_canonical(library_drafts.get_draft(work, "next")[1])
    assert isinstance(document, dict)
    return document


def releases(town: Town) -> tuple[library.ReleaseView, ...]:
    with town.house.view(AUDITOR) as work:
        return library.list_releases(work, 10, None).items
