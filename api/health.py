"""/livez and /readyz: does the process live, and can it work."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.background import DriftWorker, Worker
from api.exchange import exchange_of
from api.problems.catalogue import get_kind
from api.problems.document import problem_response
from api.problems.refusal import FieldError
from api.schemas.platform import HealthAnswer
from ledger.errors import LedgerError
from ledger.services.context import House
from ledger.services.witnessing import find_alarm

log = logging.getLogger("lingtan.api")
router = APIRouter(tags=["health"])


@router.get("/livez", operation_id="health.live", summary="Whether the process lives", response_model=HealthAnswer)
def live() -> Response:
    """Answer as long as the process can answer at all."""
    return JSONResponse({"status": "ok", "checks": {}})


@router.get(
    "/readyz",
    operation_id="health.ready",
    summary="Whether the server can work",
    response_model=HealthAnswer,
    responses={
        503: {"description": "Not ready", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    },
)
def ready(request: Request) -> Response:
    """Check the database's version, the chain, the relay, where there are witnesses that none contradicts the chain, and that the drift
    monitor knows of no alarm.

    What failed is named, the reason goes to the log. A witness that is down is no failure.
    """
    house: House = request.app.state.house
    worker: Worker | None = request.app.state.relay
    checks = {"database": _database(house), "chain": _chain(house), "relay": "ok" if worker is None or worker.alive() else "failed"}
    witnessing: Worker | None = request.app.state.witnessing
    if witnessing is not None:
        checks["witnesses"] = _witnesses(house, witnessing)
    drift: DriftWorker | None = request.app.state.drift
    if drift is not None:
        checks["drift"] = _drift(drift)
    if all(outcome == "ok" for outcome in checks.values()):
        return JSONResponse({"status": "ok", "checks": checks})
    errors = tuple(FieldError(name, outcome, "this part is not ready") for name, outcome in checks.items() if outcome != "ok")
    return problem_response(exchange_of(request), get_kind("server.not_ready"), errors=errors)


def _database(house: House) -> str:
    try:
        return "ok" if house.database.at_head() else "not_migrated"
    except LedgerError as error:
        log.warning("readiness: database: %s", error)
        return "failed"


def _chain(house: House) -> str:
    try:
        house.chain.head()
    except LedgerError as error:
        log.warning("readiness: chain: %s", error)
        return "failed"
    return "ok"


def _witnesses(house: House, worker: Worker) -> str:
    alarm = find_alarm(house)
    if alarm is not None:
        log.warning("readiness: witnesses: %s: %s knows %d blocks, this chain had %d", alarm.code, alarm.witness, alarm.theirs, alarm.ours)
        return alarm.code
    return "ok" if worker.alive() else "failed"


def _drift(worker: DriftWorker) -> str:
    alarm = worker.monitor.view().alarm
    if alarm:
        log.warning("readiness: drift: %d findings, first %s at %s", len(alarm), alarm[0].code, alarm[0].place)
        return alarm[0].code
    return "ok" if worker.alive() else "failed"
