"""An auditor's sample: committed to before the anchor, drawn from what nobody chose, kept for ever, drawn again by a stranger."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from ledger.chain.typed_data import Role
from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.merkle import plain
from ledger.records import canonical
from ledger.records.sampling import commitment_of
from ledger.services import checkpoints, fsck, packages, samples
from ledger.services.samples import SampleView
from tests.product import AUDITOR, OPERATOR, VERIFIER, Town, person, preparer, sign, signer
from verifier.__main__ import main as verify

KEEPER = person("gfc.keeper", "gfc", "logkeeper")
NONCE, SECOND = b"n" * 32, b"m" * 32


@pytest.fixture
def keeping(town: Town) -> Town:
    """The centre's log has a keeper; nothing of oak is anchored."""
    town.versions.setdefault("gfc", 5)
    town.add_key("gfc", Role.LOGKEEPER, "gfc.keeper")
    town.relay()
    return town


def commit(town: Town, nonce: bytes = NONCE, **changes: Any) -> SampleView:
    with town.work(VERIFIER) as work:
        return samples.commit_sample(work, "oak", "2025-03", "OPERATIONAL", commitment_of(nonce).hex(), **changes)


def sign_log(town: Town) -> None:
    with town.work(KEEPER) as work:
        item = checkpoints.log_checkpoint_request(work, "gfc")
        checkpoints.submit_log_checkpoint(work, "gfc", item.message, sign(item, signer("gfc.keeper")))
    town.relay()


def anchor(town: Town, cause: str = "first") -> str:
    statement = town.prepare("oak", "2025-03", cause)
    town.attest("oak", statement.id)
    town.relay()
    return statement.id


def reveal(town: Town, statement: str, nonce: bytes = NONCE) -> SampleView:
    with town.work(VERIFIER) as work:
        return samples.reveal_sample(work, commitment_of(nonce).hex(), nonce, statement)


def record(town: Town, index: int, outcome: str, note: str = "seen") -> SampleView:
    with town.work(VERIFIER) as work:
        return samples.record_result(work, commitment_of(NONCE).hex(), index, outcome, note)


def write_evidence(town: Town, statement: str, folder: Path) -> tuple[Path, Path]:
    """What a stranger gets: the bank's package and the auditor's sample, as files."""
    with town.house.view(AUDITOR) as work:
        package = packages.build_evidence_package(work, statement).data
        sample = canonical.dump(samples.get_sample_proof(work, commitment_of(NONCE).hex()))
    (folder / "p.zip").write_bytes(package)
    (folder / "s.json").write_bytes(sample)
    return folder / "p.zip", folder / "s.json"


def check(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    capsys.readouterr()
    code = verify(["sample", str(files[0]), "--record", str(files[1]), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert "checks" in answer, answer
    # Where a check answers more than once, what was proven wrong counts.
    order = sorted(answer["checks"], key=lambda item: item["outcome"] == "FAIL")
    return code, {item["id"]: item["outcome"] for item in order}


def test_a_sample_is_committed_anchored_drawn_and_done(keeping: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = keeping
    taken = commit(town)
    assert (taken.state, taken.size, taken.number, taken.block) == ("committed", 299, 1, None)
    assert commit(town) == taken, "the same again changes nothing"
    sign_log(town)
    statement = anchor(town)
    drawn = reveal(town, statement)
    assert (drawn.state, len(drawn.draws)) == ("drawn", 299)
    assert reveal(town, statement) == drawn
    files = write_evidence(town, statement, tmp_path)
    code, outcomes = check(files, capsys)
    assert code == 4, "without a policy, and with leaves that have no outcome yet"
    assert {id: outcomes[id] for id in outcomes if id.startswith("sample")} == {
        **dict.fromkeys(("sample.commitment", "sample.before", "sample.seed", "sample.draws"), "PASS"),
        "sample.results": "NOT CHECKED",
    }
    assert {outcomes["envelope.leaf"], outcomes["envelope.path"]} == {"PASS"}
    for item in drawn.items:
        record(town, item.index, "opened")
    with town.house.view(AUDITOR) as work:
        assert samples.get_sample(work, taken.commitment).state == "done"
        assert not [finding for finding in fsck.check_house(work) if finding.severity == "error"]
    assert check(write_evidence(town, statement, tmp_path), capsys)[1]["sample.results"] == "PASS"


def test_a_stranger_draws_again_from_public_data_alone(keeping: Town, tmp_path: Path) -> None:
    town = keeping
    commit(town, size=40)
    sign_log(town)
    statement = anchor(town)
    reveal(town, statement)
    package, sample = write_evidence(town, statement, tmp_path)
    document = json.loads(sample.read_bytes())
    nonce = bytes.fromhex(document["reveal"]["nonce"])
    assert hashlib.sha256(b"\x20" + nonce).hexdigest() == document["commitment"]["commitment"]
    # The chain's own record: R, how many leaves, in which block, and when the auditor's log was recorded there.
    attested = json.loads(packages_part(package, "attestations.json"))["items"]
    operational = next(item["message"] for item in attested if item["dataset"] == "OPERATIONAL")
    block = int(document["reveal"]["block"])
    anchors = json.loads(packages_part(package, "anchors.json"))["items"]
    header = next(item["block"] for item in anchors if item["dataset"] == "OPERATIONAL")
    block_hash = keccak(bytes.fromhex(header["header"][2:]))
    assert (int(header["number"]), block_hash.hex()) == (block, document["reveal"]["block_hash"])
    seed = hashlib.sha256(b"\x22" + bytes.fromhex(operational["root"][2:]) + nonce + block_hash).digest()
    n = int(operational["n"])
    expected = []
    for j in range(40):
        counter = 0
        while True:
            word = hashlib.sha256(b"\x21" + seed + j.to_bytes(4, "big") + counter.to_bytes(4, "big")).digest()
            value = int.from_bytes(word, "big") % 2 ** (n - 1).bit_length()
            if value < n:
                break
            counter += 1
        expected.append(value)
    assert document["reveal"]["draws"] == expected
    leaf = plain.leaf_hash(canonical.dump(document["commitment"]))
    assert leaf.hex() == document["proof"]["leaf"]
    assert int(document["proof"]["anchor"]["block"]["number"]) < block


def packages_part(package: Path, name: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(package) as archive:
        return archive.read(name)


@pytest.mark.parametrize("measure", [None, 1])
def test_draws_by_item_and_by_measure_are_those_of_the_verifier(
    keeping: Town, tmp_path: Path, measure: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    town = keeping
    commit(town, measure=measure, size=50)
    sign_log(town)
    statement = anchor(town)
    drawn = reveal(town, statement)
    package, sample = write_evidence(town, statement, tmp_path)
    by = () if measure is None else ("--measure", str(measure))
    capsys.readouterr()
    words = ("sample", str(package), "--nonce", NONCE.hex(), "--nonce-commitment", drawn.commitment, "--size", "50", "--json", *by)
    assert verify(list(words)) == 0
    assert json.loads(capsys.readouterr().out)["draws"] == list(drawn.draws)
    assert check((package, sample), capsys)[1]["sample.draws"] == "PASS"
    assert verify([*words[:3], "00" * 32, *words[4:]]) == 1, "another nonce"


def test_a_commitment_after_the_anchor_draws_nothing(keeping: Town) -> None:
    town = keeping
    commit(town)
    statement = anchor(town)
    with pytest.raises(Conflict, match="not anchored, the dataset in block"):
        reveal(town, statement)
    sign_log(town)
    with pytest.raises(Conflict, match="it has to come before"):
        reveal(town, statement)


def test_outcomes_stay_and_a_further_sample_replaces_none(keeping: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    town = keeping
    commit(town, size=20)
    assert commit(town, SECOND, size=20).number == 2
    sign_log(town)
    statement = anchor(town)
    with pytest.raises(Conflict, match="earlier sample"):
        reveal(town, statement, SECOND)
    first = reveal(town, statement)
    index = first.items[0].index
    record(town, index, "refused", "the bank did not open it")
    assert record(town, index, "refused", "the bank did not open it").items[0].outcome == "refused"
    with pytest.raises(Conflict, match="recorded as refused, and stays so"):
        record(town, index, "opened")
    with pytest.raises(InputError, match="was not drawn"):
        record(town, 4_000_000, "opened")
    second = reveal(town, statement, SECOND)
    assert second.seed != first.seed
    with town.house.view(AUDITOR) as work:
        listed = samples.list_samples(work, "oak")
    assert [(item.number, item.items[0].outcome) for item in listed] == [(1, "refused"), (2, None)]
    code, outcomes = check(write_evidence(town, statement, tmp_path), capsys)
    assert (code, outcomes["sample.results"]) == (1, "FAIL")


def test_a_sample_is_refused_with_its_reason(keeping: Town) -> None:
    town = keeping
    with town.work(preparer("oak")) as work, pytest.raises(Forbidden):
        samples.commit_sample(work, "oak", "2025-03", "METERS", "ab" * 32)
    with town.work(person("oak.verifier", "oak", "verifier")) as work, pytest.raises(Forbidden, match="their own books"):
        samples.commit_sample(work, "oak", "2025-03", "METERS", "ab" * 32)
    with town.work(VERIFIER) as work, pytest.raises(NotFound):
        samples.commit_sample(work, "oak", "never", "METERS", "ab" * 32)
    with town.work(VERIFIER) as work, pytest.raises(InputError, match="no dataset"):
        samples.commit_sample(work, "oak", "2025-03", "OTHER", "ab" * 32)
    commit(town)
    with pytest.raises(Conflict, match="another sample"):
        commit(town, size=7)
    with town.work(VERIFIER) as work, pytest.raises(InputError, match="another nonce"):
        samples.reveal_sample(work, commitment_of(NONCE).hex(), SECOND, "1")
    with town.work(person("firm.verifier", "firm", "verifier")) as work, pytest.raises(InputError, match="no such sample"):
        samples.reveal_sample(work, commitment_of(NONCE).hex(), NONCE, "1")
    with pytest.raises(Conflict, match="not drawn yet"):
        record(town, 0, "opened")
    with town.house.view(person("oak.preparer", "oak", "preparer")) as work:
        assert len(samples.list_samples(work, "oak")) == 1, "a bank sees who samples it"
    with town.house.view(preparer("elm")) as work:
        assert samples.list_samples(work, None) == ()
        with pytest.raises(NotFound):
            samples.get_sample(work, commitment_of(NONCE).hex())


@pytest.mark.parametrize(
    ("change", "check_id"),
    [
        (lambda item: item["reveal"].update(nonce="00" * 32), "sample.commitment"),
        (lambda item: item["commitment"].update(size=21), "envelope.leaf"),
        (lambda item: item["commitment"].update(institution="oak"), "envelope.leaf"),
        (lambda item: item["reveal"]["draws"].__setitem__(3, 9_999), "sample.draws"),
        (lambda item: item["reveal"]["draws"].pop(), "sample.draws"),
        (lambda item: item["reveal"].update(seed="00" * 32), "sample.seed"),
        (lambda item: item["reveal"].update(n="9999"), "sample.seed"),
        (lambda item: item["reveal"].update(root="00" * 32), "sample.seed"),
        (lambda item: item["reveal"].update(block="1"), "sample.seed"),
        (lambda item: item["reveal"].update(block_hash="00" * 32), "sample.seed"),
        (lambda item: item["proof"]["anchor"]["block"].update(number="99999999"), "sample.before"),
        (lambda item: item["results"][0].update(index=9_999), "sample.results"),
        (lambda item: item["results"][0].update(outcome="failed"), "sample.results"),
        (lambda item: item["results"].append(item["results"][0]), "sample.results"),
    ],
)
def test_a_changed_sample_is_found_out(
    sampled: tuple[bytes, bytes], tmp_path: Path, change: Any, check_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(sampled[1])
    change(document)
    (tmp_path / "p.zip").write_bytes(sampled[0])
    (tmp_path / "s.json").write_bytes(canonical.dump(document))
    code, outcomes = check((tmp_path / "p.zip", tmp_path / "s.json"), capsys)
    assert (code, outcomes[check_id]) == (1, "FAIL")


@pytest.fixture(scope="module")
def sampled(founded: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """Package and sample of a drawn and done sample of oak."""
    from tests.towns import reopen

    folder = tmp_path_factory.mktemp("sampled")
    with reopen(founded, folder / "data") as town:
        town.versions.setdefault("gfc", 5)
        town.add_key("gfc", Role.LOGKEEPER, "gfc.keeper")
        town.relay()
        commit(town, size=20)
        sign_log(town)
        statement = anchor(town)
        for item in reveal(town, statement).items:
            record(town, item.index, "opened")
        package, sample = write_evidence(town, statement, folder)
        return package.read_bytes(), sample.read_bytes()


def test_a_sample_of_another_statement_is_refused(keeping: Town) -> None:
    town = keeping
    commit(town)
    sign_log(town)
    elm = town.prepare("elm", "2025-03")
    town.attest("elm", elm.id)
    town.relay()
    with pytest.raises(InputError, match="another institution or period"):
        reveal(town, elm.id)
    assert replace(reveal(town, anchor(town)), draws=()).state == "drawn"
    with town.house.view(OPERATOR) as work:
        assert len(samples.list_samples(work, None)) == 1
