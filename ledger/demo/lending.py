"""The banks' loan books in the story: computed at home, handed in as sums of groups, signed, matched, verified; one record erased.

Book, pseudonym key and vault stay in the preparer's folder, beside the bank's other keys; the server's folder has none of them.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.matching import ABOVE_ONE
from ledger.accounting.financed.methods import get_method
from ledger.client import acts
from ledger.client.book import Place, write_book
from ledger.client.lending import ATTESTED, disclose, hand_in, hand_in_matching, matching_lines, open_groups
from ledger.client.vault import Vault
from ledger.demo import seeds
from ledger.demo.books import BOOKS, ROWS, SHARED, BookSeed, planted_at
from ledger.demo.drill import Trust, Verification, verify
from ledger.demo.figures import tonnes
from ledger.demo.people import write_private
from ledger.demo.story import WAIT_SECONDS, StepFailed, Story
from ledger.indicators.shipped import shipped_release
from ledger.loans.book import Book
from ledger.loans.head import head_from_document
from ledger.loans.pseudonyms import PseudonymKey
from ledger.loans.reading import read_book
from ledger.loans.synthetic import make_head, make_rows
from ledger.loans.synthetic_bank import exposures_of, fit_to_bank
from ledger.merkle.keys import CommitmentKeys
from ledger.records import canonical
from ledger.records.dataset_statement import Origin

DRAWN_GROUPS = 4
MATCHED_BY = "pcaf_2"
HELD = (0, 4)
"""Exit codes of a book in which everything that was shown holds; 4: what only the raw book shows stays unchecked, always."""


@dataclass(frozen=True)
class BookPackage:
    """A bank's book with its evidence: the vault at home, the package as the server made it."""

    book: BookSeed
    method: str
    vault: Vault
    package: Path

    @property
    def name(self) -> str:
        """Return the words for it."""
        return f"{self.book.bank.id}, {self.method}"


def report_books(story: Story) -> dict[tuple[str, str], Vault]:
    """Compute every bank's book at home, hand it in, sign and anchor it; return the vaults by bank and method.

    Raises:
        StepFailed: a book was refused, or its statement not anchored.
    """
    signed = [(book, method, *_sign(story, book, method)) for book in BOOKS for method in book.methods]
    for book, method, _, id in signed:
        _show(story, book, method, id)
    return {(book.bank.id, method): vault for book, method, vault, _ in signed}


def match_borrowers(story: Story) -> None:
    """Have the centre match the borrowers of all banks; each bank learns of its own exposures alone.

    Raises:
        StepFailed: what is found is not what was planted, or a bank was told of another.
    """
    told: dict[str, str] = {}
    planted = {}
    for seed in BOOKS:
        client = story.party(story.cast.preparer(seed.bank.id)).client
        names = _pseudonyms(story, seed)
        book = _read(story, seed, MATCHED_BY)
        attribution = compute_book(book, get_method(MATCHED_BY).read_policies({})).attribution
        hand_in_matching(client, seed.bank.id, seeds.PERIOD, MATCHED_BY, matching_lines(book, attribution, names))
        own = exposures_of(book.frame, (borrower.name for borrower in SHARED))
        planted[seed.bank.id] = {names.exposure(exposure): exposure for exposure in own}
    for seed in BOOKS:
        client = story.party(story.cast.preparer(seed.bank.id)).client
        path = f"/v1/institutions/{seed.bank.id}/periods/{seeds.PERIOD}/attribution-findings"
        found = list(client.get_all(path, method=MATCHED_BY))
        said = json.dumps(found, ensure_ascii=False)
        if {item["exposure"] for item in found} != set(planted[seed.bank.id]):
            raise StepFailed(f"{seed.bank.id} was told of {said}, expected {sorted(planted[seed.bank.id])}")
        if any(other.bank.id in said for other in BOOKS) or any(borrower.name in said for borrower in SHARED):
            raise StepFailed(f"{seed.bank.id} was told of another bank, or of a borrower by name: {said}")
        told[story.voice.pick(seed.bank.en, seed.bank.zh)] = ", ".join(sorted(planted[seed.bank.id][item["exposure"]] for item in found))
    admin = story.party(story.cast.admin).client
    above = list(admin.get_all("/v1/attribution-findings", period=seeds.PERIOD, method=MATCHED_BY))
    expected = sorted(sorted(id for id, _ in borrower.thousandths) for borrower in SHARED)
    if sorted(sorted(item["institutions"]) for item in above) != expected:
        raise StepFailed(f"the centre found {above}, expected {expected}")
    for item in above:
        share = f"{_tenths(int(item['at_least_e9']) // 10**6)} %"
        banks = item["institutions"]
        story.voice.fact(
            f"centre: {ABOVE_ONE} under token {item['token'][:12]}…: at least {share} of one borrower at {', '.join(banks)}",
            f"中心：{ABOVE_ONE}，标记 {item['token'][:12]}…：同一借款人在 {'、'.join(banks)} 合计至少 {share}",
        )
    for bank, exposures in told.items():
        story.voice.fact(f"{bank} learns of its own {exposures}, of no other bank", f"{bank} 只得知自己的 {exposures}，不知其他银行")


def download_books(story: Story, vaults: dict[tuple[str, str], Vault]) -> list[BookPackage]:
    """Let the auditor fetch the packages of the books; the books themselves are not in them."""
    auditor = story.party(story.cast.auditor).client
    made = []
    for book in BOOKS:
        for method in book.methods:
            vault = vaults[book.bank.id, method]
            id = _find(story, book, vault)["id"]
            file = story.cast.auditor.folder / f"{book.bank.id}-loans-{method}.zip"
            file.write_bytes(auditor.get_bytes(f"/v1/financed/{id}/package"))
            made.append(BookPackage(book, method, vault, file))
    return made


def verify_books(story: Story, packages: list[BookPackage], trust: Trust) -> Path:
    """Have the independent verifier recompute the disclosed book and drawn groups of the others; return the disclosed package.

    Raises:
        StepFailed: something did not hold.
    """
    whole: Path | None = None
    for item in packages:
        if item.book.disclosed:
            whole = item.package.with_suffix(".whole.zip")
            with whole.open("w+b") as file:
                disclose(item.vault, item.package, file)
            answer = _held(f"the disclosed book of {item.name}", verify("financed", whole, trust))
            recomputed = _subject(answer, "financed.records")
            story.voice.fact(
                f"{item.name}, disclosed whole: {recomputed} recomputed one by one, sums to the gram; {answer.level}",
                f"{item.name}，全部披露：{recomputed}（逐笔重算，合计精确到克）；{answer.level}",
            )
        else:
            seed = secrets.token_hex(32)
            sampled, drawn = _open_drawn(item, seed)
            sample = ("--seed", seed, "--size", str(DRAWN_GROUPS))
            answer = _held(f"the opened groups of {item.name}", verify("financed", sampled, trust, *sample))
            story.voice.fact(
                f"{item.name}, not disclosed: {_subject(answer, 'financed.sample').split(', seed')[0]}; {drawn} exposures recomputed",
                f"{item.name}，未披露：抽取 {DRAWN_GROUPS} 次并打开相应分组，出示并重算 {drawn} 笔敞口",
            )
    if whole is None:
        raise StepFailed("no bank discloses its book")
    return whole


def erase_record(story: Story, item: BookPackage, trust: Trust) -> None:
    """Erase one mortgage of a bank's vault for ever: root and totals stay, and its group can be opened still.

    Raises:
        StepFailed: the root changed, or the rest of the group does not hold.
    """
    book = _read(story, item.book, item.method)
    mortgages = (book.series("asset_class").cast(str) == "mortgage") & book.series("exclude_reason").is_null()
    exposure = str(book.series("exposure").filter(mortgages)[0])
    root = item.vault.root
    position = item.vault.find(_pseudonyms(story, item.book).exposure(exposure))
    if position is not None:
        by, reason = story.cast.preparer(item.book.bank.id).subject, "the borrower asked for it, and the law lets the bank"
        item.vault.erase(position, by=by, at=story.house.clock.now(), reason=reason)
    vault = Vault.open(item.vault.folder)
    vault.verify()
    (erasure,) = vault.erasures()
    group = vault.group_of(int(str(erasure["position"])))
    opened = _with_openings(BookPackage(item.book, item.method, vault, item.package), [group], "erased")
    answer = _held(f"group {group} after the erasure", verify("financed", opened, trust))
    if vault.root != root or vault.committed.tree.root != root:
        raise StepFailed("the root changed when a record was erased")
    story.voice.fact(
        f"{item.name}: {exposure} erased from the vault; root {root.hex()[:16]}… and totals as signed; its group holds ({answer.level})",
        f"{item.name}：{exposure} 已从保管库删除；根 {root.hex()[:16]}… 与合计不变；所在分组仍可验证（{answer.level}）",
    )


def _sign(story: Story, book: BookSeed, method: str) -> tuple[Vault, str]:
    """Hand a book in and have its statement signed; return the vault and the statement's id."""
    preparer, approver = story.party(story.cast.preparer(book.bank.id)).client, story.party(story.cast.approver(book.bank.id))
    vault = _vault(story, book, method)
    answer = hand_in(preparer, book.bank.id, seeds.PERIOD, vault)
    story.require(answer["accepted"], f"the {method} statement of {book.bank.id}", answer["findings"])
    id = str(answer["id"])
    if answer["state"] not in ATTESTED:
        path = f"/v1/financed/{id}"
        acts.attest_dataset(approver, path, approver.client.get(f"{path}/signing-request"), seconds=0)
    return vault, id


def _show(story: Story, book: BookSeed, method: str, id: str) -> None:
    """Wait for the anchor of a signed statement and show it."""
    approver = story.party(story.cast.approver(book.bank.id))
    answer = approver.client.wait(f"/v1/financed/{id}", until=frozenset({"anchored", "superseded"}), seconds=WAIT_SECONDS)
    if answer["state"] != "anchored":
        raise StepFailed(f"the {method} statement of {book.bank.id} is {answer['state']}, expected anchored")
    totals = answer["totals"]
    cents, loans = int(totals["exposure_cents"]), int(answer["rows"])
    s12, s3 = tonnes(int(totals["s12_g"])), tonnes(int(totals["s3_g"]))
    story.voice.fact(
        f"{book.bank.en}, {method}: {loans:,} loans in {answer['groups']} groups, {_tenths(cents // 10**10)} billion CNY; attributed "
        f"S1+2 {s12} t, S3 {s3} t CO2e; R {answer['root'][:16]}… signed, anchored",
        f"{book.bank.zh}，{method}：{loans:,} 笔敞口 {answer['groups']} 组，{_tenths(cents // 10**9)} 亿元；"
        f"归因 范围一二 {s12} t、范围三 {s3} t CO2e；R {answer['root'][:16]}… 已签署并存证",
    )


def _vault(story: Story, book: BookSeed, method: str) -> Vault:
    """Return the vault of a book, computing it at home unless it is there."""
    home = story.cast.preparer(book.bank.id).folder
    folder = home / f"loans-{seeds.PERIOD}-{method}.vault"
    if folder.exists():
        return Vault.open(folder)
    client = story.party(story.cast.preparer(book.bank.id)).client
    domain, library = acts.domain_of(client, "PeriodLedger"), shipped_release()
    origin = Origin(book.bank.id, story.period, library.release, library.hash)
    place = Place(domain.chain_id, bytes.fromhex(domain.contract.removeprefix("0x")))
    keys = CommitmentKeys(bytes.fromhex((home / "commitment.key").read_text(encoding="utf-8")))
    policies, names = get_method(method).read_policies({}), _pseudonyms(story, book)
    return write_book(folder, _read(story, book, method), policies, origin, place, pseudonyms=names, keys=keys).vault


def _read(story: Story, book: BookSeed, method: str) -> Book:
    """Return the bank's book from its file; it is made up where it is not there."""
    file = story.cast.preparer(book.bank.id).folder / f"loans-{seeds.PERIOD}-{method}.parquet"
    head = file.with_suffix(".head.json")
    if not file.exists():
        units = [unit.id for unit in book.bank.units]
        frame = fit_to_bank(make_rows(ROWS, book.seed, method=method), book.bank.id, units, planted_at(book.bank.id))
        head.write_bytes(canonical.dump(make_head(frame, book.bank.id, int(seeds.PERIOD))))
        temporary = file.with_suffix(".new")
        frame.write_parquet(temporary)
        os.replace(temporary, file)
    reading = read_book(file, "parquet", head_from_document(canonical.load(head.read_bytes())))
    if reading.book is None:
        raise StepFailed(f"{file.name} of {book.bank.id} cannot be read", hint="; ".join(str(item) for item in reading.findings[:5]))
    return reading.book


def _pseudonyms(story: Story, book: BookSeed) -> PseudonymKey:
    file = story.cast.preparer(book.bank.id).folder / "pseudonym.key"
    if not file.exists():
        write_private(file, secrets.token_hex(32))
    return PseudonymKey(bytes.fromhex(file.read_text(encoding="utf-8")))


def _find(story: Story, book: BookSeed, vault: Vault) -> dict[str, Any]:
    client = story.party(story.cast.preparer(book.bank.id)).client
    path = f"/v1/institutions/{book.bank.id}/periods/{seeds.PERIOD}/financed"
    return next(item for item in client.get_all(path) if item["hash"] == vault.statement_hash)


def _open_drawn(item: BookPackage, seed: str) -> tuple[Path, int]:
    """Return the package with the groups that the verifier draws from it, and how many exposures they show (erased ones left out)."""
    dataset = get_method(item.method).dataset
    command = ["sample", str(item.package), "--seed", seed, "--size", str(DRAWN_GROUPS), "--dataset", dataset, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "verifier", *command], capture_output=True, text=True, check=False, cwd=item.package.parent
    )
    if done.returncode != 0:
        raise StepFailed(f"no sample was drawn from {item.package.name} (exit {done.returncode})", hint=done.stderr.strip()[-300:])
    keys = {drawn["key"] for drawn in json.loads(done.stdout)["items"]}
    groups = [json.loads(leaf.record)["group"] for leaf in item.vault.committed.openings if leaf.key.hex() in keys]
    erased = [item.vault.group_of(int(str(erasure["position"]))) for erasure in item.vault.erasures()]
    shown = sum(item.vault.sizes[group] - erased.count(group) for group in groups)
    return _with_openings(item, groups, "sampled"), shown


def _with_openings(item: BookPackage, groups: list[int], word: str) -> Path:
    file = item.package.with_suffix(f".{word}.zip")
    with file.open("w+b") as stream:
        open_groups(item.vault, item.package, stream, groups)
    return file


def _held(what: str, answer: Verification) -> Verification:
    if answer.code not in HELD or answer.failures:
        listed = "; ".join(f"{check['id']} {check['subject']}: {check.get('means')}" for check in answer.failures)
        raise StepFailed(f"{what}: {answer.verdict} (exit {answer.code}), expected that everything shown holds", hint=listed)
    return answer


def _tenths(value: int) -> str:
    return f"{value // 10:,}.{value % 10}"


def _subject(answer: Verification, id: str) -> str:
    return next((str(check["subject"]) for check in answer.checks if check["id"] == id and check["outcome"] == "PASS"), "")
