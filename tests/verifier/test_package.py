"""A package as a whole: what each verdict and exit code needs, what is named, what cannot be checked."""

from __future__ import annotations

import hashlib
import io
import json
import random
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account

from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, run, verify
from verifier import package as package_module
from verifier.required import of_dataset


def test_exit_0_valid_when_every_check_ran_and_held(tmp_path: Path) -> None:
    result = verify(tmp_path, ev.evidence())
    document = result.document
    assert (result.code, document["verdict"], document["exit_code"], document["level"]) == (0, "VALID", 0, "L3")
    assert {check["outcome"] for check in document["checks"]} == {"PASS"}
    ids = {check["id"] for check in document["checks"]}
    both = {
        f"{step}.{name}"
        for name in ("METERS", "OPERATIONAL")
        for step in ("commitment", "attestation", "signer", "anchor.header", "anchor.receipt", "anchor.state", "anchor.final")
    }
    assert ids == both | {
        "package.manifest",
        "policy.signature",
        "policy.validity",
        "library.trusted",
        "inputs.hashes",
        "meters.records",
        "lines.recompute",
        "rollup.recompute",
        "findings.recompute",
        "findings.none",
    }
    totals = ev.evidence().json("statement.json")["totals"]
    assert document["recomputed"] == {"lines": 9, "totals": totals, "differences": dict.fromkeys(ev.MEASURES, "0")}
    assert all(int(figure) > 0 for figure in totals.values())
    assert document["policy"]["version"] == "3"
    assert "VALID (0)" in result.err


def test_exit_1_invalid_when_a_check_proves_a_mismatch(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.parts["findings.json"] = ev.jcs(
        {
            "schema": "lingtan.findings/1",
            "items": [
                {
                    "code": "TOTAL_MISMATCH",
                    "severity": "error",
                    "place": "/declared_totals/0",
                    "got": "1",
                    "expected": "2",
                    "action": "Correct it.",
                    "params": {},
                }
            ],
        }
    )
    result = verify(tmp_path, evidence)
    assert (result.code, result.document["verdict"]) == (1, "INVALID")
    assert result.failed() == {("findings.none", "/declared_totals/0")}
    assert "TOTAL_MISMATCH" in result.checks("FAIL")[0]["means"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["package"],
        ["package", "absent.zip"],
        ["line", "absent.json"],
        ["package", "absent.zip", "--policy", "absent"],
        ["sample", "absent.zip", "--seed", "12"],
        ["package", "absent.zip", "--policy-key", "aa"],
    ],
)
def test_exit_2_usage_when_the_command_cannot_run_as_given(arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_exit_3_malformed_when_the_file_cannot_be_read(tmp_path: Path) -> None:
    result = verify(tmp_path, b"no zip")
    assert (result.code, result.document["verdict"], result.document["error"]["code"]) == (3, "MALFORMED", "PACKAGE_ZIP")


def test_exit_4_incomplete_without_a_policy_and_nobody_is_accused(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    result = run("package", tmp_path / "e.zip", "--json")
    assert (result.code, result.document["verdict"], result.document["level"]) == (4, "INCOMPLETE", "L1")
    assert not result.checks("FAIL")
    unchecked = {check["id"] for check in result.checks("NOT CHECKED")}
    assert unchecked == {"policy.signature", "policy.validity", "library.trusted"} | {
        f"{step}.{name}" for name in ("METERS", "OPERATIONAL") for step in ("signer", "anchor.receipt", "anchor.state", "anchor.final")
    }
    assert all(check["means"] and check["next"] for check in result.checks("NOT CHECKED"))


def test_exit_4_incomplete_without_the_key_of_the_policy(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    (tmp_path / "p.json").write_bytes(ev.evidence().policy())
    result = run("package", tmp_path / "e.zip", "--json", "--policy", tmp_path / "p.json", "--now", CLOCK)
    assert (result.code, [check["id"] for check in result.checks("NOT CHECKED")]) == (4, ["policy.signature"])


@pytest.mark.parametrize(
    ("clock", "code"), [("2026-01-01T00:00:00Z", 5), ("2025-12-31T23:59:59Z", 0), ("2024-12-31T23:59:59Z", 5), ("2025-01-01T00:00:00Z", 0)]
)
def test_exit_5_not_in_force_when_the_policy_is_not_valid_at_this_time(tmp_path: Path, clock: str, code: int) -> None:
    result = verify(tmp_path, ev.evidence(), "--now", clock)
    assert result.code == code
    assert [check["id"] for check in result.checks("NOT IN FORCE")] == (["policy.validity"] if code else [])


def test_exit_6_untrusted_when_the_signer_is_not_in_the_policy(tmp_path: Path) -> None:
    result = verify(tmp_path, ev.make_evidence(signer=Account.from_key("0x" + "77" * 32)))
    assert (result.code, result.document["verdict"]) == (6, "UNTRUSTED")
    assert {check["id"] for check in result.checks("UNTRUSTED")} == {"signer.METERS", "signer.OPERATIONAL"}


@pytest.mark.parametrize(
    "change",
    [
        {"valid_from": "2025-04-08T00:00:00Z"},
        {"valid_to": "2025-04-07T00:00:00Z"},
        {"role": "verifier"},
        {"institution": "bank-b"},
        {"address": "0x" + "99" * 20},
    ],
)
def test_a_key_of_another_role_institution_or_time_is_untrusted(tmp_path: Path, change: dict[str, str]) -> None:
    evidence = ev.evidence()
    keys = ev.policy_document(evidence.library_hash, evidence.schemas)["keys"]
    result = verify(tmp_path, evidence, policy=evidence.policy(keys=[{**keys[0], **change}]))
    assert (result.code, {check["id"] for check in result.checks("UNTRUSTED")}) == (6, {"signer.METERS", "signer.OPERATIONAL"})


def test_a_key_that_ended_after_the_block_still_counts(tmp_path: Path) -> None:
    evidence = ev.evidence()
    keys = ev.policy_document(evidence.library_hash, evidence.schemas)["keys"]
    ended = [{**keys[0], "valid_to": "2025-04-08T00:00:00Z"}]
    assert verify(tmp_path, evidence, policy=evidence.policy(keys=ended)).code == 0


def test_exit_codes_keep_the_order_1_3_6_5_4_0(tmp_path: Path) -> None:
    evidence = ev.make_evidence(signer=Account.from_key("0x" + "77" * 32))  # 6
    evidence.withheld["meters/M1.ltm"] = "on site only"  # 4
    late = ("--now", "2026-06-01T00:00:00Z")  # 5
    assert verify(tmp_path, evidence, *late).code == 6
    ordinary = ev.evidence()
    ordinary.withheld["meters/M1.ltm"] = "on site only"
    assert verify(tmp_path, ordinary, *late).code == 5
    assert verify(tmp_path, ordinary).code == 4
    unreadable = b'{"schema":1}'
    evidence.parts["findings.json"] = unreadable
    assert verify(tmp_path, evidence, *late).code == 3
    parts = {path: data for path, data in evidence.parts.items() if path not in evidence.withheld}
    manifest = evidence.manifest()
    assert verify(tmp_path, ev.pack({**parts, "activity.json": b"{}"}, manifest), *late).code == 1


def test_another_library_is_untrusted(tmp_path: Path) -> None:
    result = verify(tmp_path, ev.evidence(), policy=ev.evidence().policy(libraries=["ab" * 32]))
    assert (result.code, [check["id"] for check in result.checks("UNTRUSTED")]) == (6, ["library.trusted"])


def test_another_schema_is_untrusted(tmp_path: Path) -> None:
    evidence = ev.evidence()
    policy = evidence.policy(schemas={"METERS": "ab" * 32, "OPERATIONAL": ev.sha(evidence.schemas["OPERATIONAL"]).hex()})
    result = verify(tmp_path, evidence, policy=policy)
    assert (result.code, [check["id"] for check in result.checks("UNTRUSTED")]) == (6, ["commitment.METERS"])


def test_a_policy_of_another_key_or_with_a_changed_byte_fails(tmp_path: Path) -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x44" * 32)
    evidence = ev.evidence()
    other = ev.sign_policy(ev.policy_document(evidence.library_hash, evidence.schemas), stranger)
    result = verify(tmp_path, evidence, policy=other)
    assert (result.code, {check_id for check_id, _ in result.failed()}) == (1, {"policy.signature"})
    changed = evidence.policy().replace(b'"version":3', b'"version":4')
    assert verify(tmp_path, evidence, policy=changed).failed() == {("policy.signature", "policy version 4")}


def test_the_policy_key_may_be_given_as_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    (tmp_path / "p.json").write_bytes(ev.evidence().policy())
    fingerprint = hashlib.sha256(ev.raw_public(ev.POLICY_KEY)).hexdigest()
    base = ["package", tmp_path / "e.zip", "--policy", tmp_path / "p.json", "--now", CLOCK, "--policy-key"]
    assert [run(*base, key).code for key in (fingerprint, "sha256:" + fingerprint, POLICY_KEY, "00" * 32)] == [0, 0, 0, 1]


def test_a_pretty_printed_policy_is_as_good(tmp_path: Path) -> None:
    pretty = json.dumps(json.loads(ev.evidence().policy()), indent=2, ensure_ascii=False).encode()
    assert verify(tmp_path, ev.evidence(), policy=pretty).code == 0


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("meters/M1.ltm", {"package.manifest", "meters.records", "lines.recompute", "commitment.METERS"}),
        ("activity.json", {"package.manifest", "inputs.hashes", "lines.recompute", "findings.recompute"}),
        ("organisation.json", {"package.manifest", "inputs.hashes", "lines.recompute", "rollup.recompute", "findings.recompute"}),
        ("library.json", {"package.manifest", "library.trusted", "lines.recompute", "findings.recompute"}),
        ("findings.json", {"package.manifest", "findings.none"}),
        ("schemas/METERS.json", {"package.manifest", "commitment.METERS"}),
        ("commitments.json", {"package.manifest"} | {id for dataset in ("METERS", "OPERATIONAL") for id in of_dataset(dataset)}),
        (
            "attestations.json",
            {"package.manifest", "anchor.receipt.METERS", "anchor.receipt.OPERATIONAL"}
            | {f"{step}.{name}" for step in ("attestation", "signer") for name in ("METERS", "OPERATIONAL")},
        ),
        (
            "anchors.json",
            {"package.manifest"}
            | {
                f"{step}.{name}"
                for step in ("anchor.header", "anchor.receipt", "anchor.state", "anchor.final", "signer")
                for name in ("METERS", "OPERATIONAL")
            },
        ),
    ],
)
def test_a_withheld_part_is_listed_and_turns_its_checks_into_not_checked(tmp_path: Path, path: str, ids: set[str]) -> None:
    evidence = ev.evidence()
    evidence.withheld[path] = "personal data"
    result = verify(tmp_path, evidence)
    assert result.code == 4
    assert {check["id"] for check in result.checks("NOT CHECKED")} == ids
    assert not result.checks("FAIL")
    assert "personal data" in result.err


def test_a_withheld_meter_that_enters_no_line_leaves_the_lines_checked(tmp_path: Path) -> None:
    def add_export(document: Any) -> None:
        document["meters"].append({**document["meters"][1], "meter": "M9", "quantity": "el.export", "record": "ab" * 32})

    evidence = ev.make_evidence(change_statement=add_export)
    evidence.parts["meters/M9.ltm"] = b"export without generation"
    evidence.withheld["meters/M9.ltm"] = "tenant"
    result = verify(tmp_path, evidence)
    assert (result.code, {check["id"] for check in result.checks("NOT CHECKED")}) == (4, {"package.manifest", "meters.records"})


def test_an_unreadable_part_is_malformed_and_named(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.parts["activity.json"] = evidence.parts["activity.json"].replace(b'"quality":1', b'"quality":1.5', 1)
    result = verify(tmp_path, evidence)
    assert (result.code, result.checks("MALFORMED")[0]["subject"]) == (3, "activity.json")
    assert "/records/0/quality" in result.checks("MALFORMED")[0]["means"]


@pytest.mark.parametrize(
    ("path", "change", "pointer"),
    [
        ("statement.json", lambda d: d.update(extra=1), "/extra"),
        ("statement.json", lambda d: d.pop("gwp"), "/gwp"),
        ("statement.json", lambda d: d["lines"][2].pop("quality"), "/lines/2/quality"),
        ("statement.json", lambda d: d["lines"].reverse(), "/lines/1"),
        ("statement.json", lambda d: d["lines"][0].update(scope1_g=5), "/lines/0/scope1_g"),
        ("statement.json", lambda d: d["lines"][0].update(scope1_g="05"), "/lines/0/scope1_g"),
        ("library.json", lambda d: d["factors"][0].update(kind="grid"), "/factors/0/kind"),
        ("organisation.json", lambda d: d["units"].append(d["units"][0]), "/units/5"),
        ("commitments.json", lambda d: d["datasets"][0]["leaves"][0].update(key="AB" * 32), "/datasets/0/leaves/0/key"),
        ("anchors.json", lambda d: d["items"][0]["finality"].update(kind="trust me"), "/items/0/finality/kind"),
    ],
)
def test_unknown_missing_and_misplaced_fields_are_malformed_with_their_pointer(
    tmp_path: Path, path: str, change: Any, pointer: str
) -> None:
    evidence = ev.evidence()
    document = evidence.json(path)
    change(document)
    evidence.put(path, document)
    result = verify(tmp_path, evidence)
    found = [check for check in result.checks("MALFORMED") if check["subject"] == path]
    assert result.code in (1, 3)
    assert pointer in found[0]["means"]


def zipped(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return out.getvalue()


def test_a_zip_that_would_escape_link_repeat_or_explode_is_malformed(tmp_path: Path) -> None:
    manifest = zipfile.ZipInfo("manifest.json"), ev.jcs(ev.evidence().manifest())
    link = zipfile.ZipInfo("statement.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bomb = zipfile.ZipInfo("statement.json")
    bomb.compress_type = zipfile.ZIP_DEFLATED
    cases = {
        "PACKAGE_PATH": [(zipfile.ZipInfo(name), b"x") for name in ("../up",)],
        "PACKAGE_KIND": [(link, b"/etc/passwd")],
        "PACKAGE_RATIO": [(bomb, bytes(20_000_000))],
        "PACKAGE_NO_MANIFEST": [],
    }
    for code, entries in cases.items():
        result = verify(tmp_path, zipped(entries if code == "PACKAGE_NO_MANIFEST" else [manifest, *entries]))
        assert (result.code, result.document["error"]["code"]) == (3, code)
    for name in ("/abs", "a//b", "a/./b", "a\\b", "c:d"):
        assert verify(tmp_path, zipped([manifest, (zipfile.ZipInfo(name), b"x")])).document["error"]["code"] == "PACKAGE_PATH"
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([manifest, manifest])
    assert verify(tmp_path, twice).document["error"]["code"] == "PACKAGE_TWICE"


def test_a_zip_with_too_many_entries_or_bytes_is_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "MAX_ENTRIES", 5)
    assert verify(tmp_path, ev.evidence()).document["error"]["code"] == "PACKAGE_ENTRIES"
    monkeypatch.setattr(package_module, "MAX_ENTRIES", 100)
    monkeypatch.setattr(package_module, "MAX_UNPACKED", 1000)
    assert verify(tmp_path, ev.evidence()).document["error"]["code"] == "PACKAGE_SIZE"


def test_a_damaged_zip_entry_is_malformed_or_invalid_never_valid(tmp_path: Path) -> None:
    data = bytearray(ev.evidence().package())
    at = data.find(b"invoice r1")
    data[at] ^= 1
    result = verify(tmp_path, bytes(data))
    assert result.code == 3
    assert result.checks("MALFORMED")[0]["subject"] == "activity.json"


def test_the_report_speaks_chinese_and_english(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    chinese, english = (run("package", tmp_path / "e.zip", "--lang", language).err for language in ("zh", "en"))
    assert "未检查" in chinese
    assert "下一步" in chinese
    assert "NOT CHECKED" in english
    assert "next: Run again with --policy" in english


def test_recompute_hash_and_meter_commands_answer_without_a_policy(tmp_path: Path) -> None:
    evidence = ev.evidence()
    (tmp_path / "e.zip").write_bytes(evidence.package())
    (tmp_path / "M1.ltm").write_bytes(evidence.parts["meters/M1.ltm"])
    (tmp_path / "a.json").write_bytes(json.dumps(evidence.json("activity.json"), indent=1).encode())
    assert run("recompute", tmp_path / "e.zip").code == 0
    assert run("hash", tmp_path / "e.zip", "--json").document["sha256"] == ev.sha(ev.jcs(evidence.manifest())).hex()
    hashed = run("hash", tmp_path / "a.json", "--json").document
    assert hashed == {"sha256": ev.sha(evidence.parts["activity.json"]).hex(), "what": "document", "canonical": False}
    meter = run("meter", tmp_path / "M1.ltm", "--json").document
    assert (meter["verdict"], meter["digest"]) == ("VALID", ev.sha(evidence.parts["meters/M1.ltm"]).hex())
    assert meter["leaf_record"] == (evidence.parts["meters/M1.ltm"][:96] + ev.sha(b"\x02" + evidence.parts["meters/M1.ltm"][96:])).hex()
    broken = bytearray(evidence.parts["meters/M1.ltm"])
    broken[56] ^= 1
    (tmp_path / "M1.ltm").write_bytes(broken)
    assert run("meter", tmp_path / "M1.ltm").code == 1


def test_a_document_cannot_steer_the_terminal(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.withheld["meters/M1.ltm"] = "\x1b[2Jcleared \u202egnorw"
    result = verify(tmp_path, evidence)
    assert "\x1b" not in result.err
    assert "\u202e" not in result.err
    assert "\\u001b[2Jcleared \\u202egnorw" in result.err


def test_a_fault_of_the_tool_is_70_and_never_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "REQUIRED", None)
    monkeypatch.setattr("verifier.verify_package.read_parts", None)
    result = verify(tmp_path, ev.evidence())
    assert (result.code, result.document["verdict"]) == (70, "INTERNAL")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_random_damage_never_ends_in_a_fault_of_the_tool(tmp_path: Path, method: int) -> None:
    evidence, out, chance = ev.evidence(), io.BytesIO(), random.Random(method)
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("manifest.json", ev.jcs(evidence.manifest()))
        for path, data in sorted(evidence.parts.items()):
            archive.writestr(path, data)
    whole = out.getvalue()
    assert verify(tmp_path, whole).code == 0
    for _ in range(60):
        data = bytearray(whole)
        near_the_end = chance.random() < 0.5
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data) - 1500, len(data)) if near_the_end else chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        assert verify(tmp_path, bytes(data)).code in (0, 1, 3)


def mangled(value: Any, chance: random.Random) -> Any:
    """Replace one value somewhere in a document by another kind of value."""
    if isinstance(value, (dict, list)) and value and chance.random() < 0.9:
        copy = value.copy()
        key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        copy[key] = mangled(value[key], chance)
        return copy
    return chance.choice(
        [None, True, -1, 0, 2**53 - 1, "", "-1", "0", "9" * 100, "1e5", "0x", "0x" + "ff" * 32, "ff" * 32, [], {}, ["0"] * 4, "x" * 300]
    )


@pytest.mark.parametrize("path", [path for path in sorted(ev.evidence().parts) if path.endswith(".json") and "/" not in path])
def test_a_mangled_document_never_passes_and_never_ends_in_a_fault_of_the_tool(tmp_path: Path, path: str) -> None:
    chance = random.Random(path)
    for _ in range(25):
        evidence = ev.evidence()
        document = evidence.json(path)
        changed = mangled(document, chance)
        evidence.put(path, changed)
        code = verify(tmp_path, evidence).code
        assert code in ((0,) if changed == document else (1, 3, 4, 6)), changed


HELP = """
import runpy, sys
sys.argv = ["lingtan-verify", "--help"]
try:
    runpy.run_module("verifier", run_name="__main__")
except SystemExit:
    pass
heavy = ("verifier.", "numpy", "coincurve", "cryptography", "zipfile", "urllib.request")
print(sorted(name for name in sys.modules if name.startswith(heavy)))
"""


def test_help_starts_without_loading_any_check_or_library() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True, cwd=ev.ROOT)
    loaded = ["command_line", "commands", "errors", "given", "tools"]
    assert done.stdout.splitlines()[-1] == str([f"verifier.{name}" for name in loaded])
