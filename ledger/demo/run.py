"""Run the demo: set up, tell the story, verify offline, drill, serve."""

from __future__ import annotations

import json
import secrets
import threading
from pathlib import Path

from rich.console import Console

from ledger.config import DEFAULT_CHAIN_ID, Settings
from ledger.demo import seeds
from ledger.demo.banks import BANKS
from ledger.demo.claim_bundle import prove_claim
from ledger.demo.drill import Trust, flip_line_proof, forge_exposure, run_package_drill, verify
from ledger.demo.insider import run_store_drill
from ledger.demo.lending import BookPackage, download_books, erase_record, match_borrowers, report_books, verify_books
from ledger.demo.people import write_private
from ledger.demo.reduction import report_plant
from ledger.demo.server import serving
from ledger.demo.story import Cast, StepFailed, Story
from ledger.demo.verdict import give_verdict, wait_verdict
from ledger.demo.voice import Voice
from ledger.demo.witnesses import places, witnessed
from ledger.demo.year_before import report_year_before
from ledger.services.house import init_house, open_house


def run_demo(data: Path, *, port: int, serve: bool, chinese: bool, console: Console | None = None) -> None:
    """Tell the whole story in `data`; returns only if every step did what it says.

    Raises:
        LedgerError: a step failed; state stays as it is, and running again continues.
    """
    voice = Voice(console or Console(stderr=False), chinese)
    cast = Cast(data.absolute())
    settings = demo_settings(cast.data)
    voice.step("Set up: server keys, database, contracts on the embedded chain", "初始化：服务器密钥、数据库、内嵌链上的合约")
    deployment = init_house(settings, cast.admin.make_key())
    voice.fact(
        f"chain {settings.chain_id}, PeriodLedger {deployment.address('PeriodLedger')}",
        f"链 {settings.chain_id}，PeriodLedger {deployment.address('PeriodLedger')}",
    )
    with witnessed(settings, deployment, cast.data) as seen:
        names = ", ".join(place.name for place in places(cast.data))
        voice.fact(f"witnesses, each its own process, key and state: {names}", f"见证方（各自独立的进程、密钥与状态）：{names}")
        house = open_house(seen)
        try:
            with serving(house, port) as url:
                story = Story(cast, house, url, voice)
                tell(story)
                minutes = voice.pick("everything did what it says", "每一步都如其所言")
                console_url = f"{url}/docs"
                voice.step(f"Done: {minutes}", f"完成：{minutes}")
                if serve:
                    voice.fact(f"API and its docs: {console_url}   (Ctrl-C ends)", f"接口与文档：{console_url}   （Ctrl-C 结束）")
                    _wait()
                else:
                    command = f"lingtan demo --data {data} --port {port}"
                    voice.fact(f"To look around: {command}", f"继续查看：{command}")
        finally:
            house.close()


def tell(story: Story) -> None:
    """Tell the story from the registration of the centre to the drill."""
    cast, voice = story.cast, story.voice
    story.found_centre()
    voice.step("Three banks register; every signing key stays in its owner's folder", "三家银行登记；签名密钥各自保管")
    story.set_up_banks(BANKS)
    _show_keys(cast, voice)
    voice.step(
        "The year 2024, before there were meters: power by invoice; one bank restates it",
        "2024 年尚无智能表：按电费账单填报；一家银行作了重述",
    )
    report_year_before(story, BANKS)
    for bank in BANKS:
        story.register_meters(bank)
    voice.step(
        "The year 2025: 15-minute readings, and what no meter shows; one bank by workbook",
        "2025 年：15 分钟读数，以及表计之外的活动数据；一家用填报表",
    )
    for bank in BANKS:
        story.load_bank(bank)
    voice.step("Statements, signed by each bank's approver with its own key, anchored", "核算报表：由各行审批人用自有密钥签署并上链存证")
    statements = {bank.id: story.report(bank) for bank in BANKS}
    for bank in BANKS:
        story.show_anchors(bank, statements[bank.id])
    voice.step(
        "Loan books of 20,000 exposures: computed at home, handed in as sums of groups, signed, anchored; the vaults stay home",
        "各行两万笔敞口的贷款簿：在行内核算，仅提交分组合计，签署并存证；保管库不出行",
    )
    vaults = report_books(story)
    voice.step("The centre matches borrowers across banks under a key of its own", "中心以自有密钥跨行匹配借款人")
    match_borrowers(story)
    voice.step(
        "Claims; the centre signs the policy file; the auditor downloads the evidence", "认证申请；中心签署信任策略；审计员下载证据包"
    )
    claims = [story.claim(bank, statements[bank.id]) for bank in BANKS]
    for claim in claims:
        story.wait_claim(claim)
    packages, books = story.download(claims), download_books(story, vaults)
    trust = story.trust([*packages.values(), *(book.package for book in books)])
    voice.fact(f"the policy's key, by another channel: {trust.key}", f"策略密钥（经另一渠道告知）：{trust.key}")
    voice.step("The verifier recomputes every package with its own code and signs a verdict", "核验员用独立代码重算并签署核验结论")
    answers = {}
    for claim, package in packages.items():
        answers[claim] = verify("package", package, trust)
        if answers[claim].code != 0:
            raise StepFailed(f"{package.name}: {answers[claim].verdict}, expected VALID", hint=_listed(answers[claim].checks))
        give_verdict(story, claim, package, trust)
    for claim, package in packages.items():
        answer, state = answers[claim], wait_verdict(story, claim)
        voice.fact(
            f"{package.name}: VALID, {len(answer.checks)} checks, {answer.level}; claim {claim} is {state}",
            f"{package.name}：通过，{len(answer.checks)} 项检查，{answer.level}；申请 {claim} 状态 {state}",
        )
    voice.step(
        "A stranger opens one file: the bundle of each claim, with the policy alone",
        "外部人员只凭一份策略打开一个文件：每项申请的证明文件",
    )
    for claim in claims:
        prove_claim(story, claim, trust)
    voice.step(
        "A PV plant's July: computed again by the server, signed, anchored apart from the inventory, proven to anybody",
        "一座光伏电站的七月：服务器重算、签署、独立于核算单独存证，可向任何人证明",
    )
    report_plant(story, BANKS[0], trust)
    disclosed = audit_books(story, books, trust)
    audit_offline(story, BANKS[0], statements[BANKS[0].id], packages[claims[0]], trust)
    drill(story, statements[BANKS[0].id], packages[claims[0]], trust)
    drill_book(story, disclosed, trust)


def audit_books(story: Story, books: list[BookPackage], trust: Trust) -> Path:
    """Verify the loan books, one whole and the others by a sample; erase a record of the last. Return the disclosed package."""
    story.voice.step(
        "The verifier recomputes one book loan by loan, and drawn groups of the others",
        "核验员逐笔重算一家贷款簿，并重算其余各行被抽中的分组",
    )
    disclosed = verify_books(story, books, trust)
    story.voice.step("A bank erases one borrower's record for ever", "一家银行永久删除一位借款人的记录")
    erase_record(story, books[-1], trust)
    return disclosed


def audit_offline(story: Story, bank: seeds.BankSeed, statement: str, package: Path, trust: Trust) -> None:
    """Check one line and one meter offline, as an auditor does with two files and a policy."""
    voice, folder = story.voice, story.cast.auditor.folder
    voice.step("The auditor checks one line and one meter offline", "审计员离线核对一行与一块表")
    auditor = story.party(story.cast.auditor).client
    unit, meter = bank.units[0].id, bank.units[0].meters[0][0]
    for dataset, asset, name in (
        ("OPERATIONAL", f"line/{unit}/electricity.purchased", "line"),
        ("METERS", f"meter/{meter}/el.import", "meter"),
    ):
        file = folder / f"{bank.id}-{name}.lingtan.json"
        file.write_bytes(auditor.get_bytes(f"/v1/statements/{statement}/proofs", dataset=dataset, asset=asset))
        answer = verify("line", file, trust, *(("--package", str(package)) if dataset == "METERS" else ()))
        if answer.code != 0:
            raise StepFailed(f"{asset}: {answer.verdict}, expected VALID", hint=_listed(answer.checks))
        voice.fact(
            f"{asset}: VALID ({file.stat().st_size // 1024} kB, {answer.level})",
            f"{asset}：通过（{file.stat().st_size // 1024} kB，{answer.level}）",
        )


def drill(story: Story, statement: str, package: Path, trust: Trust) -> None:
    """Change one stored value at a time and show who catches and names it.

    Raises:
        StepFailed: a forgery was not caught, or not named.
    """
    voice = story.voice
    folder = story.cast.data / "drill"
    folder.mkdir(parents=True, exist_ok=True)
    voice.step(
        "Drill: an insider changes one stored value (on copies); lingtan fsck names it",
        "演练：内部人员改动一个存储值（副本）；lingtan fsck 指出",
    )
    for noticed in run_store_drill(story.house, int(statement), folder):
        if not noticed.holds or noticed.finding is None:
            raise StepFailed(f"the changed {noticed.name} was not noticed by fsck")
        voice.fact(
            f"{noticed.name}: caught, {noticed.finding.code}: {noticed.finding.place}",
            f"{noticed.name}：已发现，{noticed.finding.code}：{noticed.finding.place}",
        )
    voice.step(
        "Drill: five forged packages with mended checksums; lingtan-verify names each",
        "演练：五个伪造的证据包（校验和已修补）；lingtan-verify 逐一指出",
    )
    for caught in run_package_drill(package, folder, trust):
        if not caught.holds:
            raise StepFailed(f"the forged {caught.name} was not caught by {caught.check}: {caught.named}")
        voice.fact(f"{caught.changed}: caught, {caught.named[:150]}", f"{caught.changed}：已发现，{caught.named[:150]}")
    proof = next(story.cast.auditor.folder.glob("*-line.lingtan.json"))
    forged = folder / "forged.lingtan.json"
    forged.write_bytes(flip_line_proof(proof.read_bytes()))
    answer = verify("line", forged, trust)
    if answer.code not in (1, 3):
        raise StepFailed(f"a changed byte in a line's proof gave exit {answer.code}")
    voice.fact(
        f"line proof, one byte: caught, {answer.verdict} (exit {answer.code})",
        f"行证明改一字节：已发现，{answer.verdict}（退出码 {answer.code}）",
    )


def drill_book(story: Story, package: Path, trust: Trust) -> None:
    """Change one exposure of the disclosed book and show that the verifier names it.

    Raises:
        StepFailed: it was not caught, or not named.
    """
    story.voice.step("Drill: one forged exposure of 20,000; lingtan-verify names it", "演练：两万笔敞口中伪造一笔；lingtan-verify 指出")
    caught = forge_exposure(package, story.cast.data / "drill", trust)
    if not caught.holds:
        raise StepFailed(f"the forged exposure was not caught by {caught.check}: {caught.named}")
    story.voice.fact(f"{caught.changed}: caught, {caught.named[:150]}", f"{caught.changed}：已发现，{caught.named[:150]}")


def demo_settings(data: Path) -> Settings:
    """Return the settings of the demo's server; its passphrase is made once and kept beside it."""
    server = data / "server"
    server.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = server / "passphrase"
    if not passphrase.exists():
        write_private(passphrase, secrets.token_urlsafe(24))
    return Settings(
        data=server,
        database_url=f"sqlite:///{server / 'ledger.sqlite'}",
        chain_url=f"embedded://{server / 'chain.sqlite'}",
        chain_id=DEFAULT_CHAIN_ID,
        passphrase=passphrase.read_text(encoding="utf-8"),
        light_keys=True,
    )


def _show_keys(cast: Cast, voice: Voice) -> None:
    server = sorted(path.name for path in (cast.data / "server" / "keys").iterdir())
    voice.fact(f"keys on the server: {', '.join(server)}; no bank's", f"服务器上的密钥：{'、'.join(server)}；没有银行的")
    for bank in BANKS:
        person = cast.approver(bank.id)
        address = json.loads(person.key_file.read_text(encoding="utf-8"))["address"]
        place = person.key_file.relative_to(cast.data)
        voice.fact(f"{bank.en}: 0x{address[:8]}… in {place}", f"{bank.zh}：0x{address[:8]}… 位于 {place}")


def _listed(checks: tuple[dict[str, object], ...]) -> str:
    return "; ".join(f"{check['id']} {check['outcome']}: {check.get('means')}" for check in checks if check["outcome"] != "PASS")


def _wait() -> None:
    stop = threading.Event()
    try:
        while not stop.wait(3600):
            pass
    except KeyboardInterrupt:
        return
