"""A loan book from the bank's vault to the chain: what the server takes, refuses, keeps and shows."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.financed.leaves import MAX_LEAVES, LeafColumns
from ledger.accounting.financed.package import read_undisclosed
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.client.lending import disclose
from ledger.client.vault import Vault
from ledger.errors import Conflict, Forbidden, InputError, LedgerError, NotFound, SignatureRefused
from ledger.records import canonical
from ledger.services import dataset_signing, financed, financed_overview, financed_packages, fsck
from ledger.services.financed import FinancedView
from tests.accounting.financed.scene import loan
from tests.product import AUDITOR, OPERATOR, Town, approver, person, preparer, sign, signer
from tests.services.conftest import Template, reopen
from tests.services.lending import attest_loans, hand_in, hand_in_document, loans, submission, write_vault

GOVERNMENT = person("city.government", "city", "government")


def anchored_book(town: Town, bank: str, folder: Path, **given: Any) -> tuple[Vault, FinancedView]:
    """A bank's book, from its vault to the chain."""
    vault = write_vault(town, bank, folder, **given)
    view = hand_in(town, bank, vault)
    attest_loans(town, bank, view.id)
    town.relay()
    with town.house.view(AUDITOR) as work:
        view = financed.get_financed(work, view.id)
    assert view.state == "anchored"
    return vault, view


def test_a_book_is_handed_in_signed_anchored_and_packed(town: Town, tmp_path: Path) -> None:
    vault, view = anchored_book(town, "oak", tmp_path / "vault")
    assert (view.dataset, view.revision, view.groups, view.rows) == ("FINANCED_PCAF", 1, "2", "120")
    assert view.totals["exposure_cents"] == str(100 * sum(1000 + at for at in range(120)))
    assert [finding.code for finding in view.findings] == ["TIE_OUT_MISSING"]
    with town.house.view(AUDITOR) as work:
        anchor = dataset_signing.get_anchor(work, financed.FINANCED_KIND, view.id)
        package = financed_packages.get_financed_package(work, view.id)
        again = financed_packages.get_financed_package(work, view.id)
        assert financed.get_financed_document(work, view.id) == vault.statement
        leaves = financed.get_financed_leaves(work, view.id)
    assert anchor.evidence["dataset"] == "FINANCED_PCAF"
    recorded = town.house.contracts.periods.attestation(bytes.fromhex(str(anchor.evidence["id"]).removeprefix("0x")))
    assert recorded.root.hex() == view.root == vault.root.hex()
    assert package.data == again.data
    with zipfile.ZipFile(BytesIO(package.data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    names = ["anchors.json", "attestations.json", "financed.json", "groups.jsonl", "library.json", "schemas/FINANCED_PCAF.json"]
    assert list(parts) == ["manifest.json", *names]
    assert parts["groups.jsonl"] == leaves
    assert leaves.count(b"\n") == 2
    manifest = json.loads(parts["manifest.json"])
    assert manifest["statement"] == view.hash
    with town.house.view(OPERATOR) as work:
        assert fsck.check_house(work) == ()


def test_the_server_keeps_nothing_of_a_loan_but_sums_of_groups(town: Town, tmp_path: Path) -> None:
    vault, view = anchored_book(town, "oak", tmp_path / "vault")
    shown = list(vault.exposures())
    secrets = [record for item in shown for record in (item.salt, json.loads(item.record)["exposure"].encode())]  # type: ignore[union-attr]
    secrets += [b"Secret Company", b"SECRETCOMPANY", *(json.loads(item.record)["borrower"].encode() for item in shown)]  # type: ignore[union-attr]
    stored = b"".join(path.read_bytes() for path in town.house.settings.data.rglob("*") if path.is_file())
    assert view.hash.encode() in stored
    assert not [secret for secret in secrets if secret in stored]


def test_the_same_again_changes_nothing(town: Town, tmp_path: Path) -> None:
    vault = write_vault(town, "oak", tmp_path / "vault")
    first, second = hand_in(town, "oak", vault), hand_in(town, "oak", vault)
    assert first == second
    one = attest_loans(town, "oak", first.id)
    with town.house.view(approver("oak")) as work:
        assert dataset_signing.get_signing_request(work, financed.FINANCED_KIND, first.id).items == ()
    town.relay()
    third = hand_in(town, "oak", vault)
    assert (third.id, third.state) == (first.id, "anchored")
    with town.house.view(AUDITOR) as work:
        assert dataset_signing.get_attestation(work, financed.FINANCED_KIND, first.id).items[0].root == one.items[0].root
        assert len(financed.list_financed(work, "oak", None, 10, None).items) == 1


def other_leaf(document: dict[str, Any]) -> None:
    document["leaves"][1]["record_hash"] = "00" * 32


def other_value(document: dict[str, Any]) -> None:
    document["leaves"][0]["values"][1] = str(int(document["leaves"][0]["values"][1]) + 1)


def leaf_left_out(document: dict[str, Any]) -> None:
    del document["leaves"][0]


def leaves_exchanged(document: dict[str, Any]) -> None:
    document["leaves"].reverse()


def other_total(document: dict[str, Any]) -> None:
    document["statement"]["totals"]["s12_g"] += "0"


def other_committed_total(document: dict[str, Any]) -> None:
    document["statement"]["commitment"]["totals"][3] = "1"


def other_bank(document: dict[str, Any]) -> None:
    document["statement"]["institution"] = "elm"


def other_period(document: dict[str, Any]) -> None:
    document["statement"]["period"]["start"] = "2025-01-01T00:00:00Z"


def other_root(document: dict[str, Any]) -> None:
    document["statement"]["commitment"]["root"] = "11" * 32


def no_leaf(document: dict[str, Any]) -> None:
    document["leaves"][0] = {"key": "00"}


def value_too_large(document: dict[str, Any]) -> None:
    document["leaves"][0]["values"][0] = str(2**96)


def too_many(document: dict[str, Any]) -> None:
    document["leaves"] = document["leaves"][:1] * (MAX_LEAVES + 1)


def a_salt(document: dict[str, Any]) -> None:
    document["leaves"][0]["salt"] = "00" * 32


@pytest.mark.parametrize(
    ("spoil", "code", "place"),
    [
        (other_leaf, "COMMITMENT_DIFFERS", "/statement/commitment/root"),
        (other_value, "COMMITMENT_DIFFERS", "/statement/commitment/totals/1"),
        (leaf_left_out, "COMMITMENT_DIFFERS", "/statement/commitment/n"),
        (leaves_exchanged, "LEAVES_REFUSED", "/leaves"),
        (other_total, "STATEMENT_SUM_DIFFERS", "/statement/commitment/totals/1"),
        (other_committed_total, "STATEMENT_SUM_DIFFERS", "/statement/commitment/totals/3"),
        (other_bank, "INSTITUTION_DIFFERS", "/statement/institution"),
        (other_period, "PERIOD_DIFFERS", "/statement/period"),
        (other_root, "COMMITMENT_DIFFERS", "/statement/commitment/root"),
        (no_leaf, "LEAF_INVALID", "/leaves/0"),
        (value_too_large, "LEAF_INVALID", "/leaves/0"),
        (too_many, "LEAVES_TOO_MANY", "/leaves"),
        (a_salt, "LEAF_INVALID", "/leaves/0"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_does_not_belong_together_is_named_and_nothing_is_kept(
    town: Town, tmp_path: Path, spoil: Callable[[dict[str, Any]], None], code: str, place: str
) -> None:
    document = submission(write_vault(town, "oak", tmp_path / "vault"))
    spoil(document)
    view = hand_in_document(town, "oak", document)
    assert not view.accepted
    assert view.id == ""
    assert (code, place) in [(finding.code, finding.place) for finding in view.findings]
    with town.house.view(AUDITOR) as work:
        assert financed.list_financed(work, "oak", None, 10, None).items == ()


def test_a_book_for_another_chain_period_or_revision_is_refused_by_its_root(town: Town, tmp_path: Path) -> None:
    elsewhere = submission(write_vault(town, "elm", tmp_path / "elm"))
    own = submission(write_vault(town, "oak", tmp_path / "oak"))
    mixed = {**own, "leaves": elsewhere["leaves"]}
    codes = {finding.code for finding in hand_in_document(town, "oak", mixed).findings}
    assert "COMMITMENT_DIFFERS" in codes
    with pytest.raises(NotFound):
        hand_in_document(town, "oak", own, period="2031")


def test_the_preparer_does_not_sign_nor_another_bank_nor_another_key(town: Town, tmp_path: Path) -> None:
    view = hand_in(town, "oak", write_vault(town, "oak", tmp_path / "vault"))
    with town.house.view(approver("oak")) as work:
        (item,) = dataset_signing.get_signing_request(work, financed.FINANCED_KIND, view.id).items
    signed = sign(item, signer("oak.approver"))

    def submit(actor: Any, signature: str, **changed: str) -> None:
        with town.work(actor) as work:
            dataset_signing.submit_attestation(work, financed.FINANCED_KIND, view.id, {**item.message, **changed}, signature)

    with pytest.raises(Forbidden, match="preparer"):
        submit(person("oak.preparer", "oak", "approver", "preparer"), signed)
    with pytest.raises(Forbidden):
        submit(preparer("oak"), signed)
    with pytest.raises(NotFound):
        submit(approver("elm"), signed)
    with pytest.raises(SignatureRefused):
        submit(approver("oak"), sign(item, signer("elm.approver")))
    with pytest.raises((InputError, SignatureRefused)):
        submit(approver("oak"), signed, n="3")
    with town.house.view(AUDITOR) as work:
        assert financed.get_financed(work, view.id).state == "draft"


def test_a_revision_names_what_it_supersedes_and_its_cause(town: Town, tmp_path: Path) -> None:
    rows = loans()
    _, first = anchored_book(town, "oak", tmp_path / "first", rows=rows)
    wrong = [{"revision": 1}, {"revision": 3, "cause": "data", "supersedes": first.hash}]
    wrong += [{"revision": 2, "cause": "data", "supersedes": "ab" * 32}]
    for at, given in enumerate(wrong):
        with pytest.raises(Conflict, match="expected revision 2"):
            hand_in(town, "oak", write_vault(town, "oak", tmp_path / f"wrong-{at}", rows=rows[1:], **given))  # type: ignore[arg-type]
    restated = {"revision": 2, "cause": "data", "supersedes": first.hash}
    _, second = anchored_book(town, "oak", tmp_path / "second", rows=rows[1:], **restated)
    with town.house.view(AUDITOR) as work:
        assert [item.state for item in financed.list_financed(work, "oak", "2025-03", 10, None).items] == ["superseded", "anchored"]
        assert fsck.check_house(work) == ()
        (bank,) = financed_overview.get_financed_overview(work, "2025-03").banks
    assert (bank.statement, bank.revision) == (second.id, 2)


def test_a_draft_of_a_revision_that_is_used_cannot_be_signed_any_more(town: Town, tmp_path: Path) -> None:
    one = hand_in(town, "oak", write_vault(town, "oak", tmp_path / "one"))
    other = hand_in(town, "oak", write_vault(town, "oak", tmp_path / "other"))
    assert one.hash != other.hash, "each computation has its own salts"
    attest_loans(town, "oak", one.id)
    with pytest.raises(Conflict, match="is attested already"):
        attest_loans(town, "oak", other.id)
    with pytest.raises(Conflict, match="on its way"):
        hand_in(town, "oak", write_vault(town, "oak", tmp_path / "third"))


def test_both_methods_stand_side_by_side_and_are_never_added(town: Town, tmp_path: Path) -> None:
    rows = [
        loan(
            1000 + at,
            exposure=f"L{at}",
            borrower=f"B{at}",
            revenue=90_000,
            total_equity=50_000,
            total_debt=1,
            s1_t=at,
            s2_t=1,
            months=(1000,) * 12,
        )
        for at in range(60)
    ]
    _, pcaf = anchored_book(town, "oak", tmp_path / "pcaf", rows=rows, policies=pcaf_2.Policies())
    _, pboc = anchored_book(town, "oak", tmp_path / "pboc", rows=rows, policies=pboc_2021.Policies())
    assert (pcaf.dataset, pboc.dataset) == ("FINANCED_PCAF", "FINANCED_PBOC")
    assert (pcaf.revision, pboc.revision) == (1, 1), "revisions count per dataset"
    with town.house.view(AUDITOR) as work:
        overview = financed_overview.get_financed_overview(work, "2025-03")
        assert financed.get_financed(work, pcaf.id).state == "anchored"
    assert [(item.method, item.totals["s12_g"]) for item in overview.methods if item.totals] == [
        ("pboc_2021", pboc.totals["s12_g"]),
        ("pcaf_2", pcaf.totals["s12_g"]),
    ]


def test_the_government_sees_no_cell_of_fewer_than_three_banks(founded: Template, tmp_path: Path) -> None:
    from tests.services.books import add_books

    with reopen(founded, tmp_path / "data") as town:
        add_books(town, "ash")
        equity = [
            loan(500, exposure=f"E{at}", borrower=f"B{at}", asset_class="listed_equity", evic=10_000_000, s1_t=9, s2_t=9, s3_t=None)
            for at in range(60)
        ]
        anchored_book(town, "oak", tmp_path / "oak", rows=loans(60))
        anchored_book(town, "elm", tmp_path / "elm", rows=loans(60) + equity)
        with town.house.view(GOVERNMENT) as work:
            assert financed_overview.get_financed_overview(work, "2025-03").methods == (), "two banks would know each other's figures"
        anchored_book(town, "ash", tmp_path / "ash", rows=loans(70))
        with town.house.view(GOVERNMENT) as work:
            shown = financed_overview.get_financed_overview(work, "2025-03")
        with town.house.view(OPERATOR) as work:
            known = financed_overview.get_financed_overview(work, "2025-03")
        with town.house.view(preparer("oak")) as work, pytest.raises(Forbidden):
            financed_overview.get_financed_overview(work, "2025-03")
    assert shown.banks == ()
    (method,) = shown.methods
    assert [(item.asset_class, item.banks) for item in method.classes] == [("business_loan", 3)]
    assert method.suppressed == 1
    assert method.totals == method.classes[0].block, "the total must not give the hidden cell away"
    assert "elm" not in repr(shown)
    assert [bank.institution for bank in known.banks] == ["ash", "elm", "oak"]
    assert [(item.asset_class, item.banks) for item in known.methods[0].classes] == [("business_loan", 3), ("listed_equity", 1)]


def test_a_disclosed_package_holds_the_book_and_only_the_banks_own_vault_makes_it(town: Town, tmp_path: Path) -> None:
    vault, view = anchored_book(town, "oak", tmp_path / "vault")
    other = write_vault(town, "elm", tmp_path / "other")
    with town.house.view(AUDITOR) as work:
        closed = financed_packages.get_financed_package(work, view.id)
    path, out = tmp_path / "closed.zip", tmp_path / "open.zip"
    path.write_bytes(closed.data)
    with out.open("w+b") as file:
        digest = disclose(vault, path, file)
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = canonical.load_canonical(parts.pop("manifest.json"))
    assert isinstance(manifest, dict)
    assert digest == canonical.digest(manifest) != closed.hash
    assert [part["path"] for part in manifest["parts"]] == sorted(parts)  # type: ignore[union-attr, call-overload, index]
    assert parts["exposures.jsonl"].count(b"\n") == vault.n == len(parts["salts.bin"]) // 32
    assert set(parts) - set(read_undisclosed(path)[1]) == {"commitments.json", "exposures.jsonl", "salts.bin"}
    with pytest.raises(InputError, match="another statement"), (tmp_path / "x.zip").open("w+b") as file:
        disclose(other, path, file)
    vault.erase(0, by="clerk", at=town.clock.now(), reason="the customer's right")
    with pytest.raises(Conflict, match="erased"), (tmp_path / "y.zip").open("w+b") as file:
        disclose(Vault.open(tmp_path / "vault"), path, file)


def test_fsck_finds_a_changed_leaf_and_a_changed_statement(town: Town, tmp_path: Path) -> None:
    anchored_book(town, "oak", tmp_path / "vault")
    with town.house.database.connection() as connection:
        from sqlalchemy import text

        connection.execute(text("DROP TRIGGER financed_leaves_refuse_update"))
        connection.execute(text("UPDATE financed_leaves SET leaves = zeroblob(256)"))
    with town.house.view(OPERATOR) as work:
        codes = {finding.code for finding in fsck.check_house(work)}
    assert {"STORED_HASH_BROKEN", "LEAVES_REFUSED"} <= codes


def test_leaves_survive_packing(town: Town, tmp_path: Path) -> None:
    columns = LeafColumns.of(write_vault(town, "oak", tmp_path / "vault").committed)
    assert LeafColumns.unpack(columns.pack()) == columns
    with pytest.raises(LedgerError):
        LeafColumns.unpack(columns.pack()[:-1])
