"""The year 2024, before the banks had meters: power by invoice; one bank finds a forgotten bill afterwards and restates the year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ledger.client import acts
from ledger.demo import seeds
from ledger.demo.figures import tonnes
from ledger.demo.seeds import BankSeed
from ledger.demo.story import WAIT_SECONDS, StepFailed, Story
from ledger.records.period import Period

SIGNED = frozenset({"queued", "anchored", "verified", "superseded"})
PERIOD = Period.of_dates(
    seeds.YEAR_BEFORE,
    date.fromisoformat(seeds.FIRST_DAY_BEFORE),
    date.fromisoformat(seeds.LAST_DAY_BEFORE),
    seeds.TIMEZONE,
)


def report_year_before(story: Story, banks: Sequence[BankSeed]) -> None:
    """Report 2024: one revision, or two where a record was forgotten; what is signed already stays.

    Raises:
        StepFailed: a statement has errors, or was not anchored.
    """
    days = {"id": seeds.YEAR_BEFORE, "first_day": seeds.FIRST_DAY_BEFORE, "last_day": seeds.LAST_DAY_BEFORE}
    for bank in banks:
        story.party(story.cast.preparer(bank.id)).client.post(f"/v1/institutions/{bank.id}/periods", days)
    for revision, cause in ((1, "first"), (2, "data")):
        revised = [bank for bank in banks if revision == 1 or bank.forgotten is not None]
        signed = [(bank, _revision(story, bank, revision, cause)) for bank in revised]
        for bank, statement in signed:
            _wait(story, bank, statement)
            _say(story, bank, statement)


def _revision(story: Story, bank: BankSeed, revision: int, cause: str) -> dict[str, Any]:
    preparer, approver = story.party(story.cast.preparer(bank.id)).client, story.party(story.cast.approver(bank.id))
    path = f"/v1/institutions/{bank.id}/periods/{seeds.YEAR_BEFORE}"
    done = [item for item in preparer.get_all(f"{path}/statements") if item["revision"] == revision and item["state"] in SIGNED]
    if done:
        statement: dict[str, Any] = done[-1]
    else:
        used = preparer.post(f"{path}/activity", seeds.activity_before(bank, PERIOD, complete=revision > 1 or bank.forgotten is None))
        story.require(used["accepted"], f"the activity data of {bank.id} for {seeds.YEAR_BEFORE}", used["findings"])
        statement = preparer.post(f"{path}/statements", {"cause": cause})
        story.require(not statement["has_errors"], f"the statement of {bank.id} for {seeds.YEAR_BEFORE}", statement["findings"])
        acts.attest(approver, statement["id"], seconds=0)
    return statement


def _wait(story: Story, bank: BankSeed, statement: dict[str, Any]) -> None:
    client = story.party(story.cast.approver(bank.id)).client
    answer = client.wait(f"/v1/attestations/{statement['id']}", until=acts.SETTLED, seconds=WAIT_SECONDS)
    if answer["state"] != "anchored":
        raise StepFailed(
            f"revision {statement['revision']} of {bank.id} is {answer['state']}, expected anchored", hint=str(answer["items"])
        )


def _say(story: Story, bank: BankSeed, statement: dict[str, Any]) -> None:
    total = tonnes(sum(int(statement["totals"][name]) for name in ("scope1_g", "scope2_location_g", "scope3_g")))
    why = "" if statement["cause"] == "first" else f" (cause: {statement['cause']}; {bank.forgotten} had been forgotten)"
    why_zh = "" if statement["cause"] == "first" else f"（原因 {statement['cause']}：漏报 {bank.forgotten}）"
    story.voice.fact(
        f"{bank.en} {seeds.YEAR_BEFORE}, revision {statement['revision']}{why}: {total} t CO2e in all, location-based; signed, anchored",
        f"{bank.zh} {seeds.YEAR_BEFORE} 年第 {statement['revision']} 版{why_zh}：合计 {total} t CO2e（基于位置），已签署并存证",
    )
