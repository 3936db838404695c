"""Run the commands beside verifying: what a meter record or a hash is, which leaves a seed draws, a signed verdict."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from verifier.commands import report_of
from verifier.errors import UsageError
from verifier.given import bytes32, exception_of, log_proofs_of, opened, read_file, refuse_size, trust


def meter(arguments: argparse.Namespace) -> int:
    """Recompute header and digest of a meter record."""
    from dataclasses import asdict

    from verifier.check_inputs import header_mismatches
    from verifier.messages import line
    from verifier.meter import read_record
    from verifier.meter_wordings import describe_header
    from verifier.report import json_of

    record = read_record(read_file(arguments.file), thorough=True)
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
    for name, text in (*describe_header(record.header, arguments.lang), ("SHA-256", record.digest)):
        print(f"{name:>18}: {text}", file=sys.stderr)
    for item in listed:
        print(line("mismatch", arguments.lang, **item), file=sys.stderr)
    return code


def hash_of(arguments: argparse.Namespace) -> int:
    """Print the hash of a document, a package or a file."""
    from verifier import json_strict
    from verifier.messages import line
    from verifier.report import json_of

    path: Path = arguments.file
    canonical: bool | None = None
    if path.suffix == ".zip":
        with opened(path) as package:
            digest, what = package.hash, "package"
    else:
        data = read_file(path)
        digest, what = hashlib.sha256(data).hexdigest(), "file"
        if path.suffix == ".json":
            value = json_strict.load(data)
            digest, what, canonical = json_strict.digest(value), "document", json_strict.dump(value) == data
    if arguments.json:
        print(json_of({"sha256": digest, "what": what, "canonical": canonical}))
    else:
        print(f"{digest}  {path.name}")
    if canonical is False:
        print(line("canonical", arguments.lang, file=path.name), file=sys.stderr)
    return 0


def sample(arguments: argparse.Namespace) -> int:
    """Draw a sample from a package or bundle, or check an auditor's sample of it."""
    from verifier.sample_command import draw, read_source, seed_from

    policy, now = trust(arguments)
    with read_source(arguments.file) as source:
        if arguments.record:
            from verifier.verify_sample import read_sample, verify_sample

            sample, log_proofs = read_sample(read_file(arguments.record)), log_proofs_of(arguments)
            drawn = source.drawn(sample["commitment"]["dataset"], policy, arguments.policy_key, now, log_proofs)
            return report_of(arguments, verify_sample(sample, drawn, policy, arguments.policy_key, now, log_proofs))
        if (arguments.seed is None) == (arguments.nonce is None):
            raise UsageError("SEED", "one of --seed, --nonce and --record says what is drawn")
        if arguments.size is not None:
            refuse_size(arguments.size)
        published = bytes32(arguments.nonce_commitment, "--nonce-commitment") if arguments.nonce_commitment else None
        if arguments.seed is None:
            seed = seed_from(bytes32(arguments.nonce, "--nonce"), published, *source.root_and_block(arguments.dataset))
        else:
            seed = bytes32(arguments.seed, "--seed")
        draw(arguments, seed, source.leaves(arguments.dataset))
    return 0


def verdict(arguments: argparse.Namespace) -> int:
    """Verify a package and sign a verdict on its claim."""
    import getpass
    import secrets

    from verifier import json_strict
    from verifier.keyfile import open_keyfile
    from verifier.messages import line
    from verifier.verdict import Judgement, sign_verdict, submit_verdict
    from verifier.verify_package import verify_package

    policy, now = trust(arguments)
    if policy is None:
        raise UsageError("NO_POLICY", "a verdict needs --policy: it names the ClaimRegistry")
    judgement = Judgement(
        claim=arguments.claim,
        institution=arguments.institution,
        assurance=arguments.assurance,
        materiality_bp=arguments.materiality_bp,
        opinion=arguments.opinion,
        sampling_seed=bytes32(arguments.sampling_seed, "--sampling-seed"),
        sample_size=arguments.sample_size,
        salt=bytes32(arguments.salt, "--salt") if arguments.salt else secrets.token_bytes(32),
        sequence=arguments.sequence,
        deadline=arguments.deadline if arguments.deadline is not None else now + 7 * 86400,
        exceptions=tuple(map(exception_of, arguments.exception)),
    )
    if arguments.passphrase_file:
        passphrase = read_file(arguments.passphrase_file).decode("utf-8").rstrip("\r\n")
    else:
        passphrase = getpass.getpass(line("passphrase", arguments.lang, file=arguments.key.name))
    secret = open_keyfile(read_file(arguments.key), passphrase)
    with opened(arguments.file) as package:
        verification = verify_package(package, policy, arguments.policy_key, now, log_proofs_of(arguments))
    code = report_of(arguments, verification)
    signed = sign_verdict(verification, judgement, secret)
    arguments.out.write_bytes(json_strict.dump(signed))
    facts = {"signer": signed["signer"], "opinion": signed["result"]["opinion"], "file": arguments.out}
    print(line("signed", arguments.lang, **facts), file=sys.stderr)
    if arguments.submit:
        token = arguments.token or os.environ.get("LINGTAN_TOKEN")
        if not token:
            raise UsageError("TOKEN", "--submit needs --token or LINGTAN_TOKEN")
        print(submit_verdict(signed, arguments.submit, token), file=sys.stderr)
    return code
