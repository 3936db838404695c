"""Times as the people of a bank read them: in the bank's zone, with the offset, so that what is shown can be typed in again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ledger.cli.invocation import my_institution

if TYPE_CHECKING:
    from ledger.client.http import Client

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")


@dataclass(frozen=True)
class Bank:
    """The institution of a token, and the zone in which its days are days."""

    id: str
    zone: ZoneInfo

    @property
    def path(self) -> str:
        """Return the path of its resources."""
        return f"/v1/institutions/{self.id}"

    def local(self, value: object) -> object:
        """Return an instant of the API in the bank's zone, as 2025-03-01T08:15+08:00; anything else as it is."""
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            return value
        at = datetime.fromisoformat(value).astimezone(self.zone)
        return at.isoformat(timespec="minutes" if not (at.second or at.microsecond) else "seconds")


def utc(text: str) -> str:
    """Return an instant with an offset as the API takes it, 2025-03-01T00:15:00Z; anything else as it is, for the server to name."""
    from ledger.clock import format_instant, parse_instant
    from ledger.errors import InputError

    try:
        return format_instant(parse_instant(text))
    except InputError:
        return text


def my_bank(client: Client) -> Bank:
    """Return the institution of the token with its zone.

    Raises:
        InputError: it belongs to none.
    """
    id = my_institution(client)
    return Bank(id, ZoneInfo(client.get(f"/v1/institutions/{id}")["timezone"]))
