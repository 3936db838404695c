"""The meters of an institution as a reader of bodies needs them, read again only when one was added or a device was named for one."""

from __future__ import annotations

from ledger.metering.body import MeterBook
from ledger.metering.csv_line import MeterFacts
from ledger.records.meter_record import Quantity
from ledger.store.repositories import devices, metering
from ledger.store.repositories.envelopes import Stamp
from ledger.store.session import Session


def load_book(session: Session, institution: str, log_index: int | None = None) -> MeterBook:
    """Return the meters, and which device speaks for which: for the entry `log_index` of the log, or, without, for the next one."""
    found: dict[str, MeterFacts] = {}
    after: str | None = None
    while True:
        page = metering.list_meters(session, institution, limit=500, after=after)
        found |= {row.id: MeterFacts(row.id, Quantity(row.quantity)) for row in page.items}
        if page.next_after is None:
            namings = {meter: tuple(named) for meter, named in devices.list_namings(session, institution, log_index).items()}
            now = {meter: device for meter, named in namings.items() if (device := named[-1][1]) is not None}
            return MeterBook(institution, found, now, namings)
        after = page.next_after


class MeterBooks:
    """The last book of every institution. Meters and namings are never changed or deleted, so their numbers tell whether one is old."""

    def __init__(self) -> None:
        self._books: dict[str, tuple[tuple[int, int], MeterBook]] = {}

    def get(self, session: Session, institution: str, stamp: Stamp) -> MeterBook:
        """Return the book for the next entry of the log; `stamp` is the institution's in this session."""
        numbers = stamp.meters, stamp.namings
        known = self._books.get(institution)
        if known is not None and known[0] == numbers:
            return known[1]
        book = load_book(session, institution)
        self._books[institution] = (numbers, book)
        return book
