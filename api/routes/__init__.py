"""The routes of /v1, one module per resource group. A handler reads the request, calls one use case and names the answer; no rules here."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes import (
    activity,
    analysis,
    answers,
    attestations,
    attributions,
    bundles,
    claims,
    devices,
    editing,
    financed,
    institutions,
    intake,
    library,
    library_work,
    local_factors,
    log,
    meters,
    organisations,
    periods,
    platform,
    policy,
    statements,
    telemetry,
)

ROUTERS: tuple[APIRouter, ...] = (
    intake.router,
    platform.router,
    institutions.router,
    organisations.router,
    meters.router,
    devices.router,
    editing.router,
    periods.router,
    telemetry.router,
    log.router,
    activity.router,
    statements.router,
    answers.router,
    analysis.router,
    financed.router,
    attributions.router,
    attestations.router,
    claims.router,
    bundles.router,
    library.router,
    library_work.router,
    local_factors.router,
    policy.router,
)
