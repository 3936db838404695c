"""Periods, meters and library releases: the same again changes nothing, something else under the same name is a conflict."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.chain.typed_data import ProposeRelease, PublishRelease, ReleaseKind
from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import sid
from ledger.indicators.shipped import shipped_bytes
from ledger.merkle.dataset_schema import DATASETS
from ledger.records import canonical
from ledger.records.names import Name
from ledger.services import institutions, library, meters, periods
from tests.product import ADMIN, AUDITOR, LIBRARIAN, MONTH, PUBLISHER, Town, preparer
from tests.services.books import MARCH, signed, transactions

OAK = preparer("oak")


@pytest.mark.parametrize(
    ("id", "first", "last"),
    [
        ("within", date(2025, 3, 2), date(2025, 3, 2)),
        ("around", date(2025, 1, 1), date(2025, 12, 31)),
        ("first-day", date(2025, 2, 27), date(2025, 3, 1)),
        ("last-day", date(2025, 3, 2), date(2025, 3, 9)),
        ("the-same-days", date(2025, 3, 1), date(2025, 3, 2)),
        ("2025-03", date(2025, 3, 1), date(2025, 3, 3)),
        ("2025-03", date(2025, 5, 1), date(2025, 5, 3)),
    ],
)
def test_periods_of_a_bank_never_overlap_and_an_id_stands_for_one(town: Town, id: str, first: date, last: date) -> None:
    with pytest.raises(Conflict) as refused, town.work(OAK) as work:
        periods.open_period(work, "oak", id=id, first_day=first, last_day=last)
    assert refused.value.facts["period"] == "2025-03"


def test_neighbouring_periods_and_another_banks_do_not_overlap(town: Town) -> None:
    with town.work(OAK) as work:
        for id, first, last in (("before", date(2025, 2, 1), date(2025, 2, 28)), ("after", date(2025, 3, 3), date(2025, 3, 31))):
            periods.open_period(work, "oak", id=id, first_day=first, last_day=last)
        again = periods.open_period(work, "oak", id=MARCH[0], first_day=MARCH[1], last_day=MARCH[2])
        assert again == periods.get_period(work, "oak", "2025-03")
        assert [item.id for item in periods.list_periods(work, "oak", 10, None).items] == ["2025-03", "after", "before"]


def test_a_period_that_ends_before_it_begins_is_refused(town: Town) -> None:
    with pytest.raises(InputError, match="before it begins"), town.work(OAK) as work:
        periods.open_period(work, "oak", id="x", first_day=date(2025, 6, 2), last_day=date(2025, 6, 1))


def test_a_meter_registered_again_is_the_same_and_otherwise_a_conflict(town: Town) -> None:
    def register(unit: str) -> meters.MeterView:
        with town.work(OAK) as work:
            return meters.register_meter(work, "oak", id="M-1", unit=unit, quantity="el.import", interval_minutes=15)

    first = register("outlet")
    town.clock.advance(60)
    assert register("outlet") == first
    with pytest.raises(Conflict) as refused:
        register("hq")
    assert refused.value.facts["meter"] == "M-1"


@pytest.mark.parametrize(("unit", "quantity", "minutes"), [("vault", "el.import", 15), ("hq", "heat", 15), ("hq", "el.import", 60)])
def test_a_meter_that_cannot_be_accounted_is_refused(town: Town, unit: str, quantity: str, minutes: int) -> None:
    with pytest.raises(InputError), town.work(OAK) as work:
        meters.register_meter(work, "oak", id="M-2", unit=unit, quantity=quantity, interval_minutes=minutes)


def test_a_commitment_key_is_given_once(town: Town) -> None:
    with town.work(OAK) as work:
        institutions.set_commitment_key(work, "oak", sid("commitment", "oak"))
        with pytest.raises(Conflict, match="never replaced"):
            institutions.set_commitment_key(work, "oak", bytes(32))
        with pytest.raises(InputError, match="32 bytes"):
            institutions.set_commitment_key(work, "oak", bytes(31))


def test_an_institutions_id_is_taken_once(town: Town) -> None:
    name = Name("Oak", "橡树")
    with pytest.raises(Conflict, match="oak exists already"), town.work(ADMIN) as work:
        institutions.create_institution(work, id="oak", kind="bank", name=name, timezone="Asia/Shanghai", region="CN-ZJ")


@pytest.mark.parametrize("institution", ["nowhere", "Oak", "", "oak "])
def test_a_list_of_an_institution_that_does_not_exist_is_no_empty_list(town: Town, institution: str) -> None:
    with town.house.view(AUDITOR) as work:
        for read in (periods.list_periods, meters.list_meters):
            with pytest.raises(NotFound):
                read(work, institution, 10, None)


def propose(town: Town, document: dict[str, object], **values: object) -> library.ReleaseView:
    fields: dict[str, object] = {"kind": ReleaseKind.SCHEME, "valid_from": 0, "supersedes": bytes(32), **values}
    release = bytes.fromhex(canonical.digest(document))
    proposal = ProposeRelease(release=release, org=sid("org", "gfc"), deadline=town.clock.now() + MONTH, **fields)  # type: ignore[arg-type]
    message, signature = signed(proposal, town.house.contracts.libraries, "gfc.librarian")
    with town.work(LIBRARIAN) as work:
        return library.propose_release(work, document, message, signature)


def scheme(title: str) -> dict[str, object]:
    return {"schema": "lingtan.scheme/1", "scheme": "outlets", "title": {"en": title, "zh": "网点"}}


def test_a_name_of_the_library_stands_for_one_document(town: Town) -> None:
    propose(town, scheme("first"))
    with pytest.raises(Conflict):
        propose(town, scheme("second"))
    with town.house.view(LIBRARIAN) as work:
        listed = library.list_releases(work, 10, None, "scheme").items
    assert [(item.release, item.hash) for item in listed] == [("outlets", canonical.digest(scheme("first")))]


def test_a_release_is_proposed_once(town: Town) -> None:
    propose(town, scheme("first"))
    town.clock.advance(1)
    with pytest.raises(Conflict, match="proposed already"):
        propose(town, scheme("first"))
    assert transactions(town).count("library.propose") == len(DATASETS) + 2, "the schemas, the library, and this one once"


def test_a_proposal_of_another_document_or_kind_is_refused(town: Town) -> None:
    with pytest.raises(InputError, match="another document or kind"):
        propose(town, scheme("first"), kind=ReleaseKind.INDICATOR_LIBRARY)
    with pytest.raises(InputError, match="superseded release is unknown"):
        propose(town, scheme("first"), supersedes=b"\x01" * 32)
    with town.house.view(LIBRARIAN) as work:
        assert library.list_releases(work, 10, None, "scheme").items == (), "nothing of a refused proposal stays"


def test_what_nobody_proposed_is_not_published_and_what_is_published_not_again(town: Town) -> None:
    def publish(hash: str) -> None:
        publication = PublishRelease(bytes.fromhex(hash), sid("org", "gfc"), town.clock.now() + MONTH)
        message, signature = signed(publication, town.house.contracts.libraries, "gfc.publisher")
        with town.work(PUBLISHER) as work:
            library.publish_release(work, hash, message, signature)

    with pytest.raises(NotFound):
        publish("ab" * 32)
    town.clock.advance(5)
    published = canonical.digest(canonical.load(shipped_bytes()))
    with pytest.raises(Conflict, match="published already"):
        publish(published)
