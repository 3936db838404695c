"""Work on the library: drafts, successors, local factors, what changes, what would change, and who uses a factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from ledger.chain.typed_data import ReleaseKind
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.services import (
    activity,
    library,
    library_diff,
    library_drafts,
    library_impact,
    library_users,
    local_factors,
    periods,
    statements,
)
from ledger.services.context import Actor
from tests.product import AUDITOR, LIBRARIAN, PUBLISHER, Town, approver, person, preparer
from tests.services.books import DAYS, fuels
from tests.services.test_registers import propose
from tests.whole.scene import activity as activity_of
from tests.whole.scene import record

SHIPPED = shipped_release()
NATIONAL, ZHEJIANG, RESIDUAL = "grid_average.cn.2023", "grid_average.cn-zj.2023", "grid_residual.cn.2023"


def release(**changes: Any) -> dict[str, Any]:
    """The shipped release under the name `next` as its own successor, with changes."""
    return {**SHIPPED.to_document(), "release": "next", "supersedes": SHIPPED.hash, **changes}


def rules_to(factor: str) -> list[dict[str, Any]]:
    """The shipped rules, with another national factor for location-based electricity."""
    rules = release()["selections"]
    return [{**rule, "factor": factor} if rule["factor"] == NATIONAL and rule["use"] == "location" else rule for rule in rules]


def save(town: Town, document: Mapping[str, object], actor: Actor = LIBRARIAN) -> library_drafts.DraftView:
    with town.work(actor) as work:
        return library_drafts.save_draft(work, document)


def state_of(town: Town, hash: str) -> str:
    with town.house.view(AUDITOR) as work:
        return library.get_release(work, hash)[0].state


# Drafts


def test_a_draft_is_replaced_by_the_next_version_of_its_name_and_shows_its_findings(town: Town) -> None:
    wrong = save(town, release(selections=[{**release()["selections"][0], "factor": "nothing"}]))
    assert (wrong.state, wrong.has_errors, [item.code for item in wrong.findings]) == ("draft", True, ["FACTOR_UNKNOWN"])
    mended = save(town, release())
    assert not mended.has_errors
    with town.house.view(PUBLISHER) as work:
        listed = library_drafts.list_drafts(work, 10, None)
        assert [item.hash for item in listed.items] == [mended.hash]
        view, data = library_drafts.get_draft(work, "next")
        assert (view, data) == (mended, canonical.dump(release()))
        assert library.list_releases(work, 10, None).items[0].release == SHIPPED.release, "a draft is no release"


def test_a_draft_is_gone_when_its_name_is_proposed_and_the_name_takes_no_other(town: Town) -> None:
    save(town, release())
    propose(town, release(), kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash))
    with town.house.view(LIBRARIAN) as work:
        assert library_drafts.list_drafts(work, 10, None).items == ()
        with pytest.raises(NotFound):
            library_drafts.get_draft(work, "next")
    with pytest.raises(Conflict, match="proposed already"):
        save(town, release(valid_from="2027-01-01"))


@pytest.mark.parametrize("document", [{}, {"schema": "lingtan.scheme/1", "release": "x"}, release(release="no name"), release(release=7)])
def test_what_is_no_release_document_is_no_draft(town: Town, document: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not a release"):
        save(town, document)


def test_a_draft_of_a_release_supersedes_it(town: Town) -> None:
    with town.work(LIBRARIAN) as work:
        view = library_drafts.draft_from(work, SHIPPED.hash, "lingtan-2027.1", date(2027, 1, 1))
        _, data = library_drafts.get_draft(work, "lingtan-2027.1")
    assert data == canonical.dump(
        {**SHIPPED.to_document(), "release": "lingtan-2027.1", "valid_from": "2027-01-01", "supersedes": SHIPPED.hash}
    )
    assert (view.has_errors, view.saved_by) == (False, "gfc.librarian")
    with pytest.raises(NotFound), town.work(LIBRARIAN) as work:
        library_drafts.draft_from(work, "ab" * 32, "x", date(2027, 1, 1))


# States


def test_a_release_is_superseded_when_its_successor_is_in_force_and_then_used_no_more(town: Town) -> None:
    assert state_of(town, SHIPPED.hash) == "published"
    propose(town, release(), kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash), valid_from=town.clock.now() + 500)
    town.relay()
    assert state_of(town, SHIPPED.hash) == "published", "proposed is not published"
    hash = canonical.digest(release())
    town.publish_proposed(hash)
    assert (state_of(town, hash), state_of(town, SHIPPED.hash)) == ("published", "published"), "not yet in force"
    town.clock.advance(500)
    assert (state_of(town, hash), state_of(town, SHIPPED.hash)) == ("published", "superseded")
    town.relay()
    assert town.prepare("oak", "2025-03").library == hash


def test_a_later_date_does_not_bring_a_superseded_release_back(town: Town) -> None:
    """The successor may be dated before the release it replaces: what is superseded is not chosen for its date."""
    propose(town, release(), kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash), valid_from=1)
    town.relay()
    hash = canonical.digest(release())
    town.publish_proposed(hash)
    with town.house.view(LIBRARIAN) as work:
        found = library.find_release_in_force(work)
        assert found is not None
        assert found.hash == hash


def test_document_and_message_name_the_same_predecessor(town: Town) -> None:
    with pytest.raises(InputError, match="different superseded"):
        propose(town, release(), kind=ReleaseKind.INDICATOR_LIBRARY)
    with pytest.raises(InputError, match="different superseded"):
        propose(town, release(supersedes=None), kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash))
    unpublished = release(release="first")
    propose(town, unpublished, kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash))
    second = canonical.digest(unpublished)
    with pytest.raises(InputError, match="not published"):
        propose(town, release(supersedes=second), kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(second))


def test_everything_that_is_wrong_with_a_release_is_said_at_once(town: Town) -> None:
    """A wrong kind for a source, overlapping validity, a unit that does not fit, an unknown document."""
    document = release()
    national = next(factor for factor in document["factors"] if factor["id"] == NATIONAL)
    twin = {**national, "id": "grid_average.cn.2023.twin"}
    homeless = {**national, "id": "grid_average.cn.2023.x", "region": "CN-ZJ-HZ", "document": "no-such-document"}
    document["factors"] = sorted((*document["factors"], twin, homeless), key=lambda factor: factor["id"])
    rules = document["selections"]
    document["selections"] = [
        {**rules[0], "factor": "fuel.diesel.generic"},
        {"indicator": "fuel.petrol.vehicles", "use": "location", "region": "CN-ZJ", "year": 2025, "factor": "water.supply.none"},
        *rules[1:],
    ]
    with pytest.raises(InputError) as refused:
        propose(town, document, kind=ReleaseKind.INDICATOR_LIBRARY, supersedes=bytes.fromhex(SHIPPED.hash))
    codes = {code for _, code, _ in refused.value.facts["errors"]}  # type: ignore[attr-defined]
    assert {"FACTOR_NOT_ADMITTED", "FACTOR_OVERLAP", "FACTOR_UNKNOWN", "DOCUMENT_UNKNOWN"} <= codes


# Local factors


def steam(bank: str = "oak", **changes: Any) -> dict[str, Any]:
    """A local factor for purchased heat from a supplier's letter."""
    factor = {
        **dict.fromkeys(("guide", "fuel", "blend", "clause", "valid_from", "valid_to", "supersedes", "uncertainty_bp")),
        "id": f"local.{bank}.steam",
        "name": {"en": "District heat", "zh": "市政供热"},
        "kind": "heat",
        "carrier": "heat",
        "form": "direct",
        "value": "0.09",
        "unit": "kgCO2/MJ",
        "basis": "CO2",
        "region": "CN-ZJ",
        "data_year": 2024,
        "document": f"local.{bank}.letter",
        "owner": bank,
        "confidence": "S",
        "source_sha256": None,
        **changes,
    }
    letter = {"title": "供热企业函", "number": None, "issuer": "Heat company", "published": "2025-01-10", "sha256": None}
    return {
        "schema": "lingtan.local_factor/1",
        "institution": bank,
        "factor": factor,
        "document": {"id": f"local.{bank}.letter", **letter},
        "reason": "the supplier's own figure",
    }


def submit(town: Town, document: dict[str, Any], bank: str = "oak") -> local_factors.LocalFactorView:
    with town.work(preparer(bank)) as work:
        return local_factors.submit_local_factor(work, bank, document)


def review(town: Town, id: str, decision: str, actor: Actor = LIBRARIAN, reason: str = "read the letter") -> local_factors.LocalFactorView:
    with town.work(actor) as work:
        return local_factors.review_local_factor(work, id, decision, reason)


def heat_books(town: Town, factor: str | None) -> activity.ActivityView:
    choices = [] if factor is None else [{"indicator": "heat.purchased", "use": "location", "factor": factor, "reference": "our supplier"}]
    document = fuels("oak")
    document["records"] = [record("heat", "hq", "heat.purchased", "1000", "MJ", DAYS), *document["records"]]
    document["factor_choices"] = choices
    with town.work(preparer("oak")) as work:
        return activity.submit_activity(work, "oak", "2025-03", document)


def test_a_local_factor_is_used_when_the_centre_accepted_it_and_a_release_with_it_is_published(town: Town) -> None:
    submitted = submit(town, steam())
    assert (submitted.state, submitted.accepted, submitted.factor) == ("submitted", True, "local.oak.steam")
    assert submit(town, steam()).id == submitted.id, "the same again changes nothing"
    heat_books(town, "local.oak.steam")
    assert "FACTOR_UNKNOWN" in {item.code for item in town.prepare("oak", "2025-03").findings}, "not in the release in force"

    accepted = review(town, submitted.id, "accepted")
    assert (accepted.state, accepted.reviewed_by, accepted.review_reason) == ("accepted", "gfc.librarian", "read the letter")
    with town.work(LIBRARIAN) as work:
        plain = library_drafts.draft_from(work, SHIPPED.hash, "without", date(2026, 1, 1))
        draft = library_drafts.draft_from(work, SHIPPED.hash, "next", date(2026, 1, 1), include_local=True)
        document = canonical.load(library_drafts.get_draft(work, "next")[1])
    assert isinstance(document, dict)
    assert (plain.has_errors, draft.has_errors) == (False, False)
    town.publish(document, ReleaseKind.INDICATOR_LIBRARY)
    statement = town.prepare("oak", "2025-03")
    assert not statement.has_errors, statement.findings
    with town.house.view(preparer("oak")) as work:
        lines = statements.list_lines(work, statement.id, 50, None).items
    used = {line["indicator"]: (line["factor"], line["scope2_location_g"]) for line in lines}
    assert used["heat.purchased"] == ("local.oak.steam", "90000")


def test_a_refused_local_factor_enters_no_draft_and_the_decision_stays(town: Town) -> None:
    id = submit(town, steam()).id
    assert review(town, id, "refused", reason="no letter attached").state == "refused"
    assert review(town, id, "refused", reason="no letter attached").state == "refused", "the same again changes nothing"
    with pytest.raises(Conflict, match="refused already"):
        review(town, id, "accepted")
    with town.work(LIBRARIAN) as work:
        library_drafts.draft_from(work, SHIPPED.hash, "next", date(2026, 1, 1), include_local=True)
        assert b"local.oak" not in library_drafts.get_draft(work, "next")[1]


def test_nobody_reviews_the_factor_of_their_own_institution_and_only_the_centre_reviews(town: Town) -> None:
    id = submit(town, steam()).id
    for actor in (person("oak.librarian", "oak", "librarian"), person("elm.librarian", "elm", "librarian"), person("x", None, "librarian")):
        with pytest.raises(Forbidden, match="never by its own institution"):
            review(town, id, "accepted", actor)
    with pytest.raises(Forbidden):
        review(town, id, "accepted", PUBLISHER)
    for reason in ("", "  ", "x" * 2001, "two\nlines"):
        with pytest.raises(InputError):
            review(town, id, "accepted", reason=reason)
    with pytest.raises(InputError, match="not a decision"):
        review(town, id, "perhaps")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (steam(kind="grid_om", carrier="heat"), "FACTOR_NOT_ADMITTED"),
        (steam(unit="kgCO2/kWh"), "FACTOR_BASE_WRONG"),
        (steam(unit="kgCO2/furlong"), "FACTOR_UNIT"),
        (steam(document="another"), "LOCAL_FACTOR_DOCUMENT"),
        (steam(owner=None), "LOCAL_FACTOR_OWNER"),
        (steam(id="heat.steam"), "LOCAL_FACTOR_ID"),
        (steam("elm"), "INSTITUTION_DIFFERS"),
        ({**steam(), "document": {**steam()["document"], "id": SHIPPED.documents[0].id}}, "LOCAL_FACTOR_DOCUMENT"),
        (
            {**steam(document=SHIPPED.documents[0].id), "document": {**steam()["document"], "id": SHIPPED.documents[0].id}},
            "DOCUMENT_ID_TAKEN",
        ),
        ({"schema": "lingtan.local_factor/1"}, "FIELD_MISSING"),
    ],
)
def test_a_local_factor_that_cannot_be_used_is_not_taken_for_review(town: Town, document: dict[str, Any], code: str) -> None:
    view = submit(town, document)
    assert (view.id, view.state, view.accepted) == ("", "rejected", False)
    assert code in {item.code for item in view.findings}
    with town.house.view(LIBRARIAN) as work:
        assert local_factors.list_local_factors(work, None, 10, None).items == ()


def test_a_local_factor_beside_another_of_the_same_kind_and_time_is_refused_in_the_draft_and_on_submission(town: Town) -> None:
    first, second = steam(), steam(id="local.oak.steam-2")
    for document in (first, second):
        review(town, submit(town, document).id, "accepted")
    with town.work(LIBRARIAN) as work:
        view = library_drafts.draft_from(work, SHIPPED.hash, "both", date(2026, 1, 1), include_local=True)
    assert [item.code for item in view.findings if item.severity == "error"] == ["FACTOR_OVERLAP"]
    ended = submit(town, steam(valid_to="2025-12-31"))
    later = submit(town, steam(id="local.oak.steam-2", valid_from="2026-01-01"))
    for view_of in (ended, later):
        review(town, view_of.id, "accepted", reason="from the new year on")
    with town.work(LIBRARIAN) as work:
        assert not library_drafts.draft_from(work, SHIPPED.hash, "both", date(2026, 1, 1), include_local=True).has_errors
        document = canonical.load(library_drafts.get_draft(work, "both")[1])
    assert isinstance(document, dict)
    town.publish(document, ReleaseKind.INDICATOR_LIBRARY)
    third = submit(town, steam(id="local.oak.steam-3", valid_from="2026-06-01"))
    assert ("FACTOR_OVERLAP", "/factor") in {(item.code, item.place) for item in third.findings}


def test_a_bank_sees_its_own_local_factors_alone(town: Town) -> None:
    mine, other = submit(town, steam()), submit(town, steam("elm"), "elm")
    with town.house.view(preparer("oak")) as work:
        assert [item.id for item in local_factors.list_local_factors(work, None, 10, None).items] == [mine.id]
        with pytest.raises(NotFound):
            local_factors.get_local_factor(work, other.id)
        with pytest.raises(NotFound):
            local_factors.list_local_factors(work, "elm", 10, None)
    with town.house.view(LIBRARIAN) as work:
        assert [item.id for item in local_factors.list_local_factors(work, None, 10, None).items] == [mine.id, other.id]
        for id in ("", "0", "99", "x", "9" * 30):
            with pytest.raises(NotFound):
                local_factors.get_local_factor(work, id)


# Differences


def test_a_difference_names_what_was_added_and_which_cases_take_another_factor(town: Town) -> None:
    save(town, release(selections=rules_to(ZHEJIANG)))
    with town.house.view(LIBRARIAN) as work:
        for after in ("next", canonical.digest(release(selections=rules_to(ZHEJIANG)))):
            diff = library_diff.diff_releases(work, SHIPPED.release, after)
            assert diff.kinds == ()
            assert {(item.indicator, item.use, item.before, item.after) for item in diff.selections} == {
                ("electricity.purchased", "location", NATIONAL, ZHEJIANG)
            }
        assert library_diff.diff_releases(work, SHIPPED.hash, SHIPPED.release).head == ()
    with town.house.view(AUDITOR) as work, pytest.raises(NotFound):
        library_diff.diff_releases(work, SHIPPED.hash, "next")


def test_a_draft_with_errors_cannot_be_compared_or_tried(town: Town) -> None:
    save(town, release(selections=[{**release()["selections"][0], "factor": "nothing"}]))
    with town.house.view(LIBRARIAN) as work:
        with pytest.raises(Conflict, match="has errors"):
            library_diff.diff_releases(work, SHIPPED.hash, "next")
        with pytest.raises(Conflict, match="has errors"):
            library_impact.preview_impact(work, "next")


# Impact


def impact(town: Town, actor: Actor = LIBRARIAN, institution: str | None = None, release: str = "next") -> library_impact.ImpactView:
    with town.house.view(actor) as work:
        return library_impact.preview_impact(work, release, institution)


def test_an_open_period_is_computed_both_ways_and_nothing_is_written(town: Town) -> None:
    save(town, release(selections=rules_to(ZHEJIANG)))
    with town.house.view(AUDITOR) as work:
        before = [(item.id, item.state) for item in statements.list_statements(work, "oak", None, 10, None).items]
    view = impact(town, institution="oak")
    assert (view.in_force_release, view.candidate_release) == (SHIPPED.release, "next")
    (period,) = view.periods
    assert (period.institution, period.period, period.state, period.changed_lines) == ("oak", "2025-03", "open", 1)
    # 192 quarter-hours at 4.2 kW are 201.6 kWh: at 0.5306 and at 0.4974 kg/kWh.
    (line,) = period.lines
    assert (line.unit, line.factor_before, line.factor_after) == ("outlet", NATIONAL, ZHEJIANG)
    assert line.before is not None
    assert line.after is not None
    assert (line.before["scope2_location_g"], line.after["scope2_location_g"]) == ("106969", "100276")
    assert line.market_factor_before == line.market_factor_after == RESIDUAL
    assert period.difference == {"scope1_g": "0", "scope2_location_g": "-6693", "scope2_market_g": "0", "scope3_g": "0"}
    assert [item.code for item in period.appearing] == ["FACTOR_UNCONFIRMED"], "the Zhejiang factor is of one secondary source"
    assert period.disappearing == ()
    with town.house.view(AUDITOR) as work:
        assert [(item.id, item.state) for item in statements.list_statements(work, "oak", None, 10, None).items] == before == []
    # What was previewed is what comes when the release is in force.
    town.publish(release(selections=rules_to(ZHEJIANG)), ReleaseKind.INDICATOR_LIBRARY)
    assert town.prepare("oak", "2025-03").totals == period.after


def test_findings_that_the_candidate_brings_or_lifts_are_listed(town: Town) -> None:
    without = [rule for rule in release()["selections"] if rule["indicator"] != "fuel.petrol.vehicles"]
    save(town, release(selections=without))
    (period,) = impact(town, institution="oak").periods
    assert (period.after, period.difference) == (None, None)
    assert "FACTOR_NOT_FOUND" in {item.code for item in period.appearing}
    assert period.before is not None


def test_every_institution_is_listed_for_the_centre_and_a_bank_gets_its_own_part(town: Town) -> None:
    town.publish(release(selections=rules_to(ZHEJIANG)), ReleaseKind.INDICATOR_LIBRARY)
    everybody = impact(town, PUBLISHER, release=SHIPPED.hash)
    assert {(item.institution, item.changed_lines, item.lines) for item in everybody.periods} == {("oak", 1, ()), ("elm", 1, ())}
    mine = impact(town, preparer("oak"), release=SHIPPED.hash)
    assert [(item.institution, len(item.lines)) for item in mine.periods] == [("oak", 1)]
    with pytest.raises(NotFound):
        impact(town, approver("oak"), "elm", SHIPPED.hash)
    with pytest.raises(NotFound):
        impact(town, LIBRARIAN, "nowhere", SHIPPED.hash)
    with pytest.raises(Forbidden):
        impact(town, AUDITOR, release=SHIPPED.hash)


def test_a_draft_does_not_exist_for_a_bank(town: Town) -> None:
    save(town, release())
    with pytest.raises(NotFound, match="no such release"):
        impact(town, preparer("oak"))


def test_a_closed_period_stays_as_it_was_signed_whatever_comes(anchored_town: Town) -> None:
    save(anchored_town, release(selections=rules_to(ZHEJIANG)))
    (period,) = impact(anchored_town, institution="oak").periods
    assert (period.state, period.release, period.library) == ("closed", SHIPPED.release, SHIPPED.hash)
    assert (period.before, period.after, period.lines) == (None, None, ())


def test_periods_that_run_or_lack_inputs_are_named_as_such(town: Town) -> None:
    save(town, release())
    with town.work(preparer("oak")) as work:
        periods.open_period(work, "oak", id="apr", first_day=date(2025, 4, 1), last_day=date(2025, 4, 30))
        periods.open_period(work, "oak", id="now", first_day=date(2026, 5, 1), last_day=date(2026, 6, 30))
    view = impact(town, institution="oak")
    assert [(item.period, item.state) for item in view.periods] == [("2025-03", "open"), ("apr", "incomplete"), ("now", "running")]
    assert "no activity data" in view.periods[1].reason


def test_without_a_release_in_force_there_is_nothing_to_compare(town: Town) -> None:
    with town.house.view(LIBRARIAN) as work, pytest.raises(NotFound):
        library_impact.preview_impact(work, "nothing")


# Users of a factor


def users(town: Town, factor: str, actor: Actor = LIBRARIAN) -> library_users.FactorUsers:
    with town.house.view(actor) as work:
        return library_users.find_factor_users(work, factor)


def test_users_of_a_factor_are_statements_rules_and_choices(town: Town) -> None:
    document = activity_of(
        "oak",
        DAYS,
        fuels("oak")["records"],
        factor_choices=[{"indicator": "electricity.purchased", "use": "location", "factor": ZHEJIANG, "reference": "our grid"}],
    )
    with town.work(preparer("oak")) as work:
        assert activity.submit_activity(work, "oak", "2025-03", document).accepted
    town.prepare("oak", "2025-03")
    town.prepare("elm", "2025-03")
    chosen = users(town, ZHEJIANG)
    assert [(item.institution, item.use, item.lines, item.grams, item.state) for item in chosen.statements] == [
        ("oak", "location", 1, 100_276, "draft")
    ]
    assert [(item.institution, item.indicator, item.reference) for item in chosen.choices] == [("oak", "electricity.purchased", "our grid")]
    national = users(town, NATIONAL)
    assert [(item.institution, item.grams) for item in national.statements] == [("elm", 106_969)]
    assert {(rule.release, rule.indicator, rule.use, rule.region) for rule in national.rules} == {
        (SHIPPED.release, "electricity.purchased", "location", "*")
    }
    residual = users(town, RESIDUAL)
    assert {(item.institution, item.use) for item in residual.statements} == {("oak", "market"), ("elm", "market")}


def test_a_bank_sees_its_own_use_of_a_factor_alone(town: Town) -> None:
    for bank in ("oak", "elm"):
        town.prepare(bank, "2025-03")
    assert {item.institution for item in users(town, NATIONAL, approver("elm")).statements} == {"elm"}
    assert {item.institution for item in users(town, NATIONAL, AUDITOR).statements} == {"oak", "elm"}
    with pytest.raises(Forbidden):
        users(town, NATIONAL, person("office", None, "government"))


@pytest.mark.parametrize("factor", ["grid_average.cn", "lingtan-2026.1", 'no"such', ""])
def test_an_unknown_factor_is_not_found(town: Town, factor: str) -> None:
    with pytest.raises(NotFound, match="no such factor"):
        users(town, factor)
