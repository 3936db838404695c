"""Borrowers matched across banks: what is kept, who is told what, and that no name is left anywhere."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from ledger.errors import Forbidden, InputError, NotFound
from ledger.services import attributions
from ledger.services.attributions import AboveOneView, AttributionsView, OwnAboveOneView
from tests.product import AUDITOR, Town, person, preparer
from tests.services.lending import PERIOD, pseudonyms

ACME = "华美纺织有限公司 91330500MA2B4C5D6E"


def line(bank: str, exposure: str, borrower: str, numerator: int, denominator: int) -> bytes:
    """A line as a bank hands it in."""
    name = pseudonyms(bank).exposure(exposure)
    item = {"borrower": borrower, "exposure": name, "numerator_cents": str(numerator), "denominator_cents": str(denominator)}
    return json.dumps(item, ensure_ascii=False).encode() + b"\n"


def hand_in(town: Town, bank: str, *lines: bytes, method: str = "pcaf_2", period: str = PERIOD) -> AttributionsView:
    """Hand lines in as the bank's preparer, in parts that end where they like."""
    with town.house.view(preparer(bank)) as work:
        matching = attributions.open_matching(work, bank, period, method)
    data = b"".join(lines)
    for first in range(0, len(data), 37):
        matching.matcher.feed(data[first : first + 37])
    with town.work(preparer(bank)) as work:
        return attributions.submit_attributions(work, matching)


def above(town: Town, method: str = "pcaf_2") -> tuple[AboveOneView, ...]:
    """What the centre is told."""
    with town.house.view(AUDITOR) as work:
        return attributions.list_attribution_findings(work, PERIOD, method, 50, None).items


def own(town: Town, bank: str, method: str = "pcaf_2") -> tuple[OwnAboveOneView, ...]:
    """What a bank is told."""
    with town.house.view(preparer(bank)) as work:
        return attributions.list_own_attribution_findings(work, bank, PERIOD, method, 50, None).items


def test_one_borrower_at_two_banks_is_claimed_more_than_once(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 60, 100), line("oak", "A2", "somebody else", 100, 100))
    assert above(town) == ()
    hand_in(town, "elm", line("elm", "X1", f" {ACME.lower()} ", 41, 100), line("elm", "X2", "a third", 1, 3))
    (found,) = above(town)
    assert (found.institutions, found.at_least_e9, found.at_most_e9) == (("elm", "oak"), "1010000000", "1010000000")
    key = (town.house.settings.keys / "matching.key").read_bytes()
    normalised = "华美纺织有限公司91330500MA2B4C5D6E".encode()
    assert found.token == hmac.digest(key, b"\x33" + PERIOD.encode() + b"\x00" + normalised, "sha256").hex()
    assert [item.exposure for item in own(town, "oak")] == [pseudonyms("oak").exposure("A1")]
    assert [item.exposure for item in own(town, "elm")] == [pseudonyms("elm").exposure("X1")]


def test_a_bank_gets_no_byte_of_another_bank_or_customer(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 60, 100), line("oak", "A2", "somebody else", 1, 100))
    hand_in(town, "elm", line("elm", "X1", ACME, 70, 100), line("elm", "X2", "a third", 1, 3))
    (item,) = own(town, "oak")
    token = above(town)[0].token
    told = json.dumps(asdict(item))
    assert set(asdict(item)) == {"code", "period", "method", "exposure"}
    secret = ["elm", token, "1300000000", ACME, pseudonyms("elm").exposure("X1"), pseudonyms("oak").exposure("A2")]
    assert not [text for text in secret if text in told]
    # Who has the exposure alone, and who has much more of it, is told the same.
    hand_in(town, "elm", line("elm", "X1", ACME, 100, 100), line("elm", "X3", ACME, 100, 100))
    assert own(town, "oak") == (item,)


def test_shares_that_add_up_to_one_are_no_finding_and_thirds_are_rounded_down(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 1, 3), line("oak", "A2", ACME, 1, 3))
    hand_in(town, "elm", line("elm", "X1", ACME, 1, 3))
    assert above(town) == ()
    hand_in(town, "elm", line("elm", "X1", ACME, 1, 3), line("elm", "X2", ACME, 2, 10**9))
    (found,) = above(town)
    assert (found.at_least_e9, found.at_most_e9) == ("1000000001", "1000000004")


def test_more_than_all_of_a_borrower_counts_as_all_of_it(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 500, 100))
    assert above(town) == ()
    hand_in(town, "elm", line("elm", "X1", ACME, 1, 10**9))
    assert above(town)[0].at_least_e9 == "1000000001"


def test_methods_and_periods_are_never_added(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 60, 100), method="pcaf_2")
    hand_in(town, "elm", line("elm", "X1", ACME, 60, 100), method="pboc_2021")
    assert above(town, "pcaf_2") == above(town, "pboc_2021") == ()


def test_the_latest_file_counts_and_the_same_again_changes_nothing(town: Town) -> None:
    first = hand_in(town, "oak", line("oak", "A1", ACME, 60, 100))
    assert hand_in(town, "oak", line("oak", "A1", ACME, 60, 100)) == first
    hand_in(town, "elm", line("elm", "X1", ACME, 60, 100))
    assert len(above(town)) == 1
    second = hand_in(town, "oak", line("oak", "A1", ACME, 40, 100))
    assert (first.version, second.version, second.lines) == (1, 2, 1)
    assert above(town) == own(town, "oak") == ()


def test_no_name_is_stored_logged_audited_or_said(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    names = [ACME, "Verschwiegene GmbH", "SECRET HOLDINGS"]
    hand_in(town, "oak", *(line("oak", f"A{at}", name, 99, 100) for at, name in enumerate(names)))
    hand_in(town, "elm", *(line("elm", f"X{at}", name, 99, 100) for at, name in enumerate(names)))
    assert len(above(town)) == 3
    said = [str(refusal(town, line("oak", "A1", name, 1, 100)[:-3] + b"\n")) for name in names]
    said += [str(refusal(town, line("oak", "A1", name, 1, 0))) for name in names]
    said += [str(refusal(town, line("oak", "A1", name, 1, 2) * 2)) for name in names]
    stored = b"".join(path.read_bytes() for path in town.house.settings.data.rglob("*") if path.is_file())
    assert above(town)[0].token.encode() not in stored, "tokens are kept as bytes"
    assert bytes.fromhex(above(town)[0].token) in stored, "otherwise nothing was looked at"
    everything = stored + caplog.text.encode() + repr(said).encode()
    for name in names:
        for form in (name, name.upper(), "".join(name.upper().split()), name.split()[0], name.upper().split()[-1]):
            assert form.encode() not in everything, form


def refusal(town: Town, data: bytes) -> BaseException:
    """How a bad file is refused, with everything that an error carries."""
    with pytest.raises(InputError) as refused:
        hand_in(town, "oak", data)
    error = refused.value
    assert error.__cause__ is None
    assert error.facts == {"line": error.facts["line"]}
    return InputError(f"{error} {error.hint} {error.facts}")


@pytest.mark.parametrize(
    "change",
    [
        {"borrower": ""},
        {"borrower": "  "},
        {"borrower": "x" * 501},
        {"borrower": "\ud800"},
        {"exposure": "A1"},
        {"exposure": "AB" * 16},
        {"numerator_cents": "-1"},
        {"numerator_cents": "1.5"},
        {"numerator_cents": "01"},
        {"denominator_cents": "0"},
        {"denominator_cents": 5},
        {"more": "fields"},
    ],
)
def test_a_bad_line_is_refused_by_its_number(town: Town, change: Mapping[str, Any]) -> None:
    good = line("oak", "A1", ACME, 1, 2)
    bad = json.dumps({**json.loads(good), **change}).encode() + b"\n"
    other = line("oak", "A2", ACME, 1, 2)
    with pytest.raises(InputError, match=r"^line 3: "):
        hand_in(town, "oak", other, b"\n", bad)
    with pytest.raises(InputError, match=r"^line 1: "):
        hand_in(town, "oak", b"{" * 5_000)
    with town.house.view(AUDITOR) as work, pytest.raises(InputError, match="no method"):
        attributions.list_attribution_findings(work, PERIOD, "operational_1", 10, None)


def test_banks_see_no_list_but_their_own(town: Town) -> None:
    hand_in(town, "oak", line("oak", "A1", ACME, 100, 100), line("oak", "A2", ACME, 100, 100))
    assert len(own(town, "oak")) == 2
    with town.house.view(preparer("elm")) as work:
        with pytest.raises(NotFound):
            attributions.list_own_attribution_findings(work, "oak", PERIOD, "pcaf_2", 10, None)
        with pytest.raises(Forbidden):
            attributions.list_attribution_findings(work, PERIOD, "pcaf_2", 10, None)
    with town.house.view(person("gov", "city", "government")) as work, pytest.raises(Forbidden):
        attributions.list_attribution_findings(work, PERIOD, "pcaf_2", 10, None)


def test_lists_are_paged(town: Town) -> None:
    hand_in(town, "oak", *(line("oak", f"A{at}", f"company {at // 2}", 100, 100) for at in range(6)))
    with town.house.view(AUDITOR) as work:
        first = attributions.list_attribution_findings(work, PERIOD, "pcaf_2", 2, None)
        rest = attributions.list_attribution_findings(work, PERIOD, "pcaf_2", 2, first.next_key)
    assert len(first.items) == 2
    assert rest.next_key is None
    assert (*first.items, *rest.items) == above(town)
