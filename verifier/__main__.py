"""Run `lingtan-verify`: verify evidence packages, line proofs and meter files without a network.

Exit codes: 0 VALID, 1 INVALID, 2 usage, 3 MALFORMED, 4 INCOMPLETE, 5 NOT-IN-FORCE, 6 UNTRUSTED, 69 the service refused a
submission, 70 an internal disagreement, 74 the answer could not be written. Any other non-zero code is a failure too.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verifier import NAME, VERSION
from verifier.errors import Disagreement, Malformed, Refused, UsageError, VerifierError

if TYPE_CHECKING:
    from verifier.log_proofs import LogProofs
    from verifier.policy import Policy
    from verifier.verify_package import Verification

USAGE, MALFORMED, UNAVAILABLE, INTERNAL, UNREAD = 2, 3, 69, 70, 74
MAX_FILE = 2 * 1024**3


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(prog=NAME, description="Verify Lingtan evidence offline. 离线核验零碳证据。")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str, *aliases: str, trust: bool = False) -> argparse.ArgumentParser:
        command = commands.add_parser(name, aliases=list(aliases), help=text, description=text)
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        command.add_argument("--lang", choices=("en", "zh"), default=None, help="language of the text (from LANG by default)")
        if trust:
            command.add_argument("--policy", type=Path, metavar="P", help="policy file: all trust is here")
            command.add_argument("--policy-key", metavar="K", help="public key or fingerprint of the policy's signer; several with commas")
            command.add_argument("--consistency", type=Path, metavar="C", help="proofs between the checkpoints of anchors and policy")
            command.add_argument("--now", metavar="INSTANT", help="the time to check at (default: this machine's clock)")
        command.set_defaults(run=run)
        return command

    add("package", _run_package, "verify an evidence package and recompute it", trust=True)
    bundle = add("bundle", _run_bundle, "verify a proof bundle, and recompute what it holds the inputs of", trust=True)
    bundle.add_argument("--no-recompute", action="store_true", help="leave the recomputation out")
    line = add("line", _run_line, "verify a line proof", trust=True)
    line.add_argument("--package", type=Path, metavar="ZIP", help="evidence package whose signed statement names the meter")
    financed = add("financed", _run_financed, "verify the book of an evidence package: all of it, or its opened groups", trust=True)
    financed.add_argument("--seed", metavar="HEX", help="32 bytes that draw the groups which must be opened")
    financed.add_argument("--nonce", metavar="HEX", help="32 bytes; the seed is H(0x22, R, nonce, hash of the anchor block)")
    financed.add_argument("--nonce-commitment", metavar="HEX", help="H(0x20, nonce), as published before the anchor")
    financed.add_argument("--size", type=int, metavar="K", help="number of draws (default: 1 %% at 95 %%)")
    financed.add_argument("--measure", type=int, choices=range(4), help="draw by this measure instead of by group")
    opening = add("opening", _run_opening, "verify an opened group of a book", trust=True)
    opening.add_argument("--package", type=Path, metavar="ZIP", help="the book's evidence package, with attestation and anchor")
    envelope = add("envelope", _run_envelope, "verify that an entry is in a bank's anchored envelope log", trust=True)
    envelope.add_argument("--proof", required=True, type=Path, metavar="P", help="the proof (lingtan.log-proof/1) of the entry FILE")
    add("recompute", _run_recompute, "recompute the lines of a package and nothing else")
    add("meter", _run_meter, "recompute header and digest of a meter record (.ltm)")
    add("hash", _run_hash, "print the hash of a document, package or file")
    sample = add("sample", _run_sample, "draw a sample from a package or bundle, or check an auditor's sample of it", trust=True)
    sample.add_argument("--seed", metavar="HEX", help="32 bytes")
    sample.add_argument("--nonce", metavar="HEX", help="32 bytes; the seed is H(0x22, R, nonce, hash of the anchor block)")
    sample.add_argument("--nonce-commitment", metavar="HEX", help="H(0x20, nonce), as published before the anchor")
    sample.add_argument("--record", type=Path, metavar="SAMPLE", help="the evidence of a sample (lingtan.sample-proof/1): check it")
    sample.add_argument("--size", type=int, metavar="K", help="number of draws (default: 1 %% at 95 %%)")
    sample.add_argument("--dataset", default="OPERATIONAL", choices=("OPERATIONAL", "METERS", "FINANCED_PCAF", "FINANCED_PBOC"))
    sample.add_argument("--measure", type=int, choices=range(4), help="draw by this measure instead of by item")
    policy = add("policy", _run_policy, "check a policy file, and that it may follow the one before")
    policy.add_argument("--from", dest="old", type=Path, metavar="OLD", help="the policy before, which you trust")
    policy.add_argument("--policy-key", metavar="K", help="public key or fingerprint of a signer of OLD (of FILE without it)")
    policy.add_argument("--now", metavar="INSTANT", help="the time to check at (default: this machine's clock)")
    verdict = add("verdict", _run_verdict, "verify a package and sign a verdict on its claim", trust=True)
    verdict.add_argument("--claim", required=True, metavar="ID", help="claim id, or its 32 bytes on chain")
    verdict.add_argument("--institution", required=True, metavar="ID", help="the verifier's institution")
    verdict.add_argument("--key", required=True, type=Path, metavar="KEYFILE", help="encrypted key file, version 3")
    verdict.add_argument("--passphrase-file", type=Path, help="file with the passphrase (default: ask)")
    verdict.add_argument("--out", required=True, type=Path, metavar="V.json")
    verdict.add_argument("--assurance", choices=("limited", "reasonable"), default="limited")
    verdict.add_argument("--materiality-bp", type=int, default=500, metavar="N", help="materiality in basis points (500 = 5 %%)")
    verdict.add_argument("--opinion", choices=("unqualified", "qualified", "adverse"))
    verdict.add_argument(
        "--exception", action="append", default=[], metavar="PLACE=TEXT", help="what a qualified opinion excepts; once for each"
    )
    verdict.add_argument("--sampling-seed", default="00" * 32, metavar="HEX")
    verdict.add_argument("--sample-size", type=int, default=0, metavar="K")
    verdict.add_argument("--salt", metavar="HEX", help="32 bytes (default: random)")
    verdict.add_argument("--sequence", type=int, default=0, help="number of verdicts on the claim so far")
    verdict.add_argument("--deadline", type=int, metavar="SECONDS", help="Unix seconds (default: seven days from now)")
    verdict.add_argument("--submit", metavar="URL", help="hand the verdict in at URL/v1/verdicts")
    verdict.add_argument("--token", metavar="T", help="bearer token (default: LINGTAN_TOKEN)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    if arguments.lang is None:
        arguments.lang = "zh" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("zh") else "en"
    # A terminal that cannot write a character must not turn into an exit code; JSON is UTF-8 wherever it goes.
    for stream, encoding in ((sys.stdout, "utf-8" if arguments.json else None), (sys.stderr, None)):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        code = _run(arguments)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:  # nobody reads the answer: a closed pipe, a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return UNREAD
    return code


def _run(arguments: argparse.Namespace) -> int:
    try:
        return int(arguments.run(arguments))
    except Malformed as error:
        return _stop(arguments, "MALFORMED", MALFORMED, error)
    except UsageError as error:
        return _stop(arguments, "USAGE", USAGE, error)
    except Disagreement as error:
        return _stop(arguments, "INTERNAL", INTERNAL, error)
    except Refused as error:
        return _stop(arguments, "INVALID", 1, error)
    except VerifierError as error:
        return _stop(arguments, "UNAVAILABLE", UNAVAILABLE, error)
    except BrokenPipeError:
        raise
    except Exception as error:  # Python would exit with 1, which here accuses somebody
        traceback.print_exc()
        return _stop(arguments, "INTERNAL", INTERNAL, VerifierError("INTERNAL", f"a fault of this tool: {error!r}; please report it"))


def _stop(arguments: argparse.Namespace, verdict: str, code: int, error: VerifierError) -> int:
    from verifier.report import json_of, printable

    if arguments.json:
        place = error.place if isinstance(error, Malformed) else ""
        failure = {"code": error.code, "place": place, "message": str(error)}
        print(json_of({"verdict": verdict, "exit_code": code, "error": failure, "tool": {"name": NAME, "version": VERSION}}))
    print(printable(f"{NAME}: {verdict} ({code}): {error.code}: {error}"), file=sys.stderr)
    return code


def _read(path: Path, limit: int = MAX_FILE) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)  # by what comes, not by what the file system says of it: a device has no size
    except OSError as error:
        raise UsageError("FILE", f"{path}: {error.strerror}") from None
    if len(data) > limit:
        raise Malformed("FILE_SIZE", path.name, f"larger than {limit} bytes")
    return data


def _clock(arguments: argparse.Namespace) -> int:
    from verifier.policy import seconds

    try:
        return seconds(arguments.now) if arguments.now else int(time.time())
    except Malformed as error:
        raise UsageError("NOW", f"--now takes YYYY-MM-DDTHH:MM:SSZ or Unix seconds: {error}") from None


def _policy_key(arguments: argparse.Namespace) -> str | None:
    from verifier.policy import is_key_text

    text: str | None = arguments.policy_key
    if text is not None and not all(is_key_text(part) for part in text.split(",")):
        raise UsageError("POLICY_KEY", "--policy-key takes a public key or its SHA-256 fingerprint, 64 hex digits; several with commas")
    return text


def _trust(arguments: argparse.Namespace) -> tuple[Policy | None, int]:
    from verifier.policy import MAX_BYTES, read_policy

    now = _clock(arguments)
    if _policy_key(arguments) is not None and not arguments.policy:
        raise UsageError("POLICY_KEY", "--policy-key says whose policy it must be; --policy is missing")
    return (read_policy(_read(arguments.policy, MAX_BYTES)) if arguments.policy else None), now


def _log_proofs(arguments: argparse.Namespace) -> LogProofs:
    from verifier.log_proofs import read_log_proofs

    return read_log_proofs(_read(arguments.consistency)) if arguments.consistency else {}


def _report(arguments: argparse.Namespace, verification: Verification) -> int:
    from verifier import report

    if arguments.json:
        print(report.json_of(report.document_of(verification, arguments.lang)))
    print(report.text_of(verification, arguments.lang), file=sys.stderr)
    return verification.verdict()[1]


def _opened(path: Path) -> Any:
    from verifier.package import open_package

    if not path.is_file():
        raise UsageError("FILE", f"{path}: no such file")
    return open_package(path)


def _run_policy(arguments: argparse.Namespace) -> int:
    from verifier.checks import verdict_of
    from verifier.policy import MAX_BYTES, read_policy
    from verifier.policy_update import check_update
    from verifier.verify_package import Verification

    policy_key, now = _policy_key(arguments), _clock(arguments)
    new = read_policy(_read(arguments.file, MAX_BYTES))
    old = read_policy(_read(arguments.old, MAX_BYTES)) if arguments.old else None
    checks = check_update(new, old, policy_key, now)
    _report(arguments, Verification(f"policy version {new.version}, sha256 {new.digest}", checks, (), new, levelled=False))
    return verdict_of(checks.items)[1]


def _run_package(arguments: argparse.Namespace) -> int:
    from verifier.verify_package import verify_package

    policy, now = _trust(arguments)
    with _opened(arguments.file) as package:
        return _report(arguments, verify_package(package, policy, arguments.policy_key, now, _log_proofs(arguments)))


def _run_bundle(arguments: argparse.Namespace) -> int:
    from verifier.bundle import MAX_BYTES
    from verifier.verify_bundle import verify_bundle

    policy, now = _trust(arguments)
    data, log_proofs = _read(arguments.file, MAX_BYTES), _log_proofs(arguments)
    recomputing = not arguments.no_recompute
    return _report(arguments, verify_bundle(data, policy, arguments.policy_key, now, log_proofs, recomputing=recomputing))


def _run_line(arguments: argparse.Namespace) -> int:
    from verifier.verify_line import verify_line

    policy, now = _trust(arguments)
    data, log_proofs = _read(arguments.file), _log_proofs(arguments)
    if arguments.package is None:
        return _report(arguments, verify_line(data, policy, arguments.policy_key, now, log_proofs=log_proofs))
    with _opened(arguments.package) as package:
        return _report(arguments, verify_line(data, policy, arguments.policy_key, now, package=package, log_proofs=log_proofs))


def _run_financed(arguments: argparse.Namespace) -> int:
    from verifier.check_sample import SampleRequest
    from verifier.verify_package import verify_book_package

    seed, nonce, published = (
        _bytes32(text, option) if text is not None else None
        for text, option in (
            (arguments.seed, "--seed"),
            (arguments.nonce, "--nonce"),
            (arguments.nonce_commitment, "--nonce-commitment"),
        )
    )
    if published is not None and nonce is None:
        raise UsageError("NONCE", "--nonce-commitment says what --nonce must be; --nonce is missing")
    if arguments.size is not None:
        _refuse_size(arguments.size)
    request = SampleRequest(seed, nonce, published, arguments.size, arguments.measure)
    policy, now = _trust(arguments)
    with _opened(arguments.file) as package:
        return _report(arguments, verify_book_package(package, policy, arguments.policy_key, now, _log_proofs(arguments), request))


def _run_opening(arguments: argparse.Namespace) -> int:
    from verifier.verify_opening import verify_opening

    policy, now = _trust(arguments)
    data, log_proofs = _read(arguments.file), _log_proofs(arguments)
    if arguments.package is None:
        return _report(arguments, verify_opening(data, policy, arguments.policy_key, now, log_proofs=log_proofs))
    with _opened(arguments.package) as package:
        return _report(arguments, verify_opening(data, policy, arguments.policy_key, now, package=package, log_proofs=log_proofs))


def _run_envelope(arguments: argparse.Namespace) -> int:
    from verifier.verify_envelope import verify_envelope

    policy, now = _trust(arguments)
    body, proof, log_proofs = _read(arguments.file), _read(arguments.proof), _log_proofs(arguments)
    return _report(arguments, verify_envelope(body, proof, policy, arguments.policy_key, now, log_proofs))


def _run_recompute(arguments: argparse.Namespace) -> int:
    from verifier.verify_package import recompute_package

    with _opened(arguments.file) as package:
        return _report(arguments, recompute_package(package))


def _run_meter(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from verifier.check_inputs import header_mismatches
    from verifier.meter import read_record
    from verifier.report import json_of

    record = read_record(_read(arguments.file), thorough=True)
    mismatches = header_mismatches(record)
    header: dict[str, Any] = {**asdict(record.header), "key": record.header.key.hex()}
    facts = {
        "digest": record.digest,
        "leaf_record": record.leaf_record.hex(),
        "header": {name: str(value) for name, value in header.items()},
    }
    code = 1 if mismatches else 0
    listed = [{"field": name, "expected": str(expected), "found": str(found)} for name, expected, found in mismatches]
    if arguments.json:
        print(json_of({"verdict": "INVALID" if code else "VALID", "exit_code": code, **facts, "mismatches": listed}))
    for name, value in header.items():
        print(f"{name:>18}: {value}", file=sys.stderr)
    print(f"{'digest':>18}: {record.digest}", file=sys.stderr)
    for item in listed:
        print(f"FAIL {item['field']}: the slots give {item['expected']}, the header says {item['found']}", file=sys.stderr)
    return code


def _run_hash(arguments: argparse.Namespace) -> int:
    from verifier import json_strict
    from verifier.report import json_of

    path: Path = arguments.file
    canonical: bool | None = None
    if path.suffix == ".zip":
        with _opened(path) as package:
            digest, what = package.hash, "package"
    else:
        data = _read(path)
        digest, what = hashlib.sha256(data).hexdigest(), "file"
        if path.suffix == ".json":
            value = json_strict.load(data)
            digest, what, canonical = json_strict.digest(value), "document", json_strict.dump(value) == data
    if arguments.json:
        print(json_of({"sha256": digest, "what": what, "canonical": canonical}))
    else:
        print(f"{digest}  {path.name}")
    if canonical is False:
        print(f"{path.name} is not in canonical form; the hash is that of its canonical form", file=sys.stderr)
    return 0


def _run_sample(arguments: argparse.Namespace) -> int:
    from verifier.sample_command import draw, read_source, seed_from

    policy, now = _trust(arguments)
    with read_source(arguments.file) as source:
        if arguments.record:
            from verifier.verify_sample import read_sample, verify_sample

            sample, log_proofs = read_sample(_read(arguments.record)), _log_proofs(arguments)
            drawn = source.drawn(sample["commitment"]["dataset"], policy, arguments.policy_key, now, log_proofs)
            return _report(arguments, verify_sample(sample, drawn, policy, arguments.policy_key, now, log_proofs))
        if (arguments.seed is None) == (arguments.nonce is None):
            raise UsageError("SEED", "one of --seed, --nonce and --record says what is drawn")
        if arguments.size is not None:
            _refuse_size(arguments.size)
        published = _bytes32(arguments.nonce_commitment, "--nonce-commitment") if arguments.nonce_commitment else None
        if arguments.seed is None:
            seed = seed_from(_bytes32(arguments.nonce, "--nonce"), published, *source.root_and_block(arguments.dataset))
        else:
            seed = _bytes32(arguments.seed, "--seed")
        draw(arguments, seed, source.leaves(arguments.dataset))
    return 0


def _refuse_size(size: int) -> None:
    from verifier import sampling

    if not 0 < size <= sampling.MAX_SIZE:
        raise UsageError("SAMPLE_SIZE", f"--size lies between 1 and {sampling.MAX_SIZE}")


def _bytes32(text: str, option: str) -> bytes:
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        data = b""
    if len(data) != 32:
        raise UsageError("HEX", f"{option} takes 32 bytes in hex")
    return data


def _exception(text: str) -> tuple[str, str]:
    place, separator, said = text.partition("=")
    if not separator:
        raise UsageError("EXCEPTIONS", f"--exception takes PLACE=TEXT, got {text[:60]!r}")
    return place.strip(), said.strip()


def _run_verdict(arguments: argparse.Namespace) -> int:
    import getpass
    import secrets

    from verifier import json_strict
    from verifier.keyfile import open_keyfile
    from verifier.verdict import Judgement, sign_verdict, submit_verdict
    from verifier.verify_package import verify_package

    policy, now = _trust(arguments)
    if policy is None:
        raise UsageError("NO_POLICY", "a verdict needs --policy: it names the ClaimRegistry")
    judgement = Judgement(
        claim=arguments.claim,
        institution=arguments.institution,
        assurance=arguments.assurance,
        materiality_bp=arguments.materiality_bp,
        opinion=arguments.opinion,
        sampling_seed=_bytes32(arguments.sampling_seed, "--sampling-seed"),
        sample_size=arguments.sample_size,
        salt=_bytes32(arguments.salt, "--salt") if arguments.salt else secrets.token_bytes(32),
        sequence=arguments.sequence,
        deadline=arguments.deadline if arguments.deadline is not None else now + 7 * 86400,
        exceptions=tuple(map(_exception, arguments.exception)),
    )
    if arguments.passphrase_file:
        passphrase = _read(arguments.passphrase_file).decode("utf-8").rstrip("\r\n")
    else:
        passphrase = getpass.getpass(f"passphrase of {arguments.key.name}: ")
    secret = open_keyfile(_read(arguments.key), passphrase)
    with _opened(arguments.file) as package:
        verification = verify_package(package, policy, arguments.policy_key, now, _log_proofs(arguments))
    code = _report(arguments, verification)
    signed = sign_verdict(verification, judgement, secret)
    arguments.out.write_bytes(json_strict.dump(signed))
    print(f"signed by {signed['signer']}: opinion {signed['result']['opinion']}, written to {arguments.out}", file=sys.stderr)
    if arguments.submit:
        token = arguments.token or os.environ.get("LINGTAN_TOKEN")
        if not token:
            raise UsageError("TOKEN", "--submit needs --token or LINGTAN_TOKEN")
        print(submit_verdict(signed, arguments.submit, token), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
