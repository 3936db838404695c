"""A meter's unusual days and the rest of its year, computed from stored days when somebody asks; one at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import JSON_TYPE, CallParameter
from api.operation import operation
from api.problems.refusal import Refusal
from ledger.services import meter_outlook

router = APIRouter()
WAIT_SECONDS = 20.0
_ONE = threading.Lock()
"""Held while an outlook is computed: several at once would take the machine from those who send readings."""

Until = Annotated[date | None, Query(description="the last day; without it the end of the year that begins or goes on")]
KnownUntil = Annotated[date | None, Query(description="forget later readings, to see what would have been said then")]
FirstDay = Annotated[date | None, Query(description="from this local day on; at most three years are looked at")]
LastDay = Annotated[date | None, Query(description="up to this local day")]
Seed = Annotated[int, Query(ge=0, le=2**31 - 1, description="of the simulated paths")]


@router.get(
    "/institutions/{institution}/meters/{meter}/forecast",
    **operation("meters.forecast", "Forecast the rest of a meter's year", media_type=JSON_TYPE),
)
def get_forecast(
    call: CallParameter, institution: str, meter: str, until: Until = None, known_until: KnownUntil = None, seed: Seed = 1
) -> Response:
    """Return `lingtan.meter-forecast/1` with an interval and every method's scores on this meter. It is never claimed or committed."""
    with call.read_days(institution) as work:
        series = meter_outlook.read_outlook_series(work, institution, meter, last=known_until)
    with _alone():
        return _answer(meter_outlook.forecast_document(series, until=until, seed=seed))


@router.get(
    "/institutions/{institution}/meters/{meter}/anomalies",
    **operation("meters.anomalies", "Find a meter's unusual days", media_type=JSON_TYPE),
)
def get_anomalies(call: CallParameter, institution: str, meter: str, first_day: FirstDay = None, last_day: LastDay = None) -> Response:
    """Return `lingtan.unusual-days/1`: nights, days off, stuck or dead meters, shifts of level, missing readings."""
    with call.read_days(institution) as work:
        series = meter_outlook.read_outlook_series(work, institution, meter, first=first_day, last=last_day)
    with _alone():
        return _answer(meter_outlook.anomalies_document(series))


@contextmanager
def _alone() -> Iterator[None]:
    if not _ONE.acquire(timeout=WAIT_SECONDS):
        raise Refusal("server.busy", "other outlooks are being computed, one at a time: ask again in a while")
    try:
        yield
    finally:
        _ONE.release()


def _answer(document: dict[str, object]) -> Response:
    return Response(json.dumps(document, ensure_ascii=False).encode(), 200, {"Cache-Control": "private, no-cache"}, JSON_TYPE)
