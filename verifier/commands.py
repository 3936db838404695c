"""Run the commands that verify something: each reads its files, has them checked and prints the report.

What a command needs is imported when it runs: `lingtan-verify --version` loads none of it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from verifier.errors import UsageError
from verifier.given import bytes32, clock, log_proofs_of, opened, policy_key_of, read_file, refuse_size, trust

if TYPE_CHECKING:
    from verifier.verify_package import Verification


def report_of(arguments: argparse.Namespace, verification: Verification) -> int:
    """Print the report of a verification and return its exit code."""
    from verifier import report

    if arguments.json:
        print(report.json_of(report.document_of(verification, arguments.lang)))
    print(report.text_of(verification, arguments.lang), file=sys.stderr)
    return verification.verdict()[1]


def policy(arguments: argparse.Namespace) -> int:
    """Check a policy file, and that it may follow the one before."""
    from verifier.checks import verdict_of
    from verifier.policy import MAX_BYTES, read_policy
    from verifier.policy_update import check_update
    from verifier.verify_package import Verification

    policy_key, now = policy_key_of(arguments), clock(arguments)
    new = read_policy(read_file(arguments.file, MAX_BYTES))
    old = read_policy(read_file(arguments.old, MAX_BYTES)) if arguments.old else None
    checks = check_update(new, old, policy_key, now)
    report_of(arguments, Verification(f"policy version {new.version}, sha256 {new.digest}", checks, (), new, levelled=False))
    return verdict_of(checks.items)[1]


def package(arguments: argparse.Namespace) -> int:
    """Verify an evidence package and recompute it."""
    from verifier.verify_package import verify_package

    policy, now = trust(arguments)
    with opened(arguments.file) as package:
        return report_of(arguments, verify_package(package, policy, arguments.policy_key, now, log_proofs_of(arguments)))


def bundle(arguments: argparse.Namespace) -> int:
    """Verify a proof bundle, and recompute what it holds the inputs of."""
    from verifier.bundle import MAX_BYTES
    from verifier.verify_bundle import verify_bundle

    policy, now = trust(arguments)
    data, log_proofs = read_file(arguments.file, MAX_BYTES), log_proofs_of(arguments)
    recomputing = not arguments.no_recompute
    return report_of(arguments, verify_bundle(data, policy, arguments.policy_key, now, log_proofs, recomputing=recomputing))


def line(arguments: argparse.Namespace) -> int:
    """Verify a line proof, with the package that names its meter if given."""
    from verifier.verify_line import verify_line

    policy, now = trust(arguments)
    data, log_proofs = read_file(arguments.file), log_proofs_of(arguments)
    if arguments.package is None:
        return report_of(arguments, verify_line(data, policy, arguments.policy_key, now, log_proofs=log_proofs))
    with opened(arguments.package) as package:
        return report_of(arguments, verify_line(data, policy, arguments.policy_key, now, package=package, log_proofs=log_proofs))


def financed(arguments: argparse.Namespace) -> int:
    """Verify the book of an evidence package: all of it, or its opened groups."""
    from verifier.check_sample import SampleRequest
    from verifier.verify_package import verify_book_package

    seed, nonce, published = (
        bytes32(text, option) if text is not None else None
        for text, option in (
            (arguments.seed, "--seed"),
            (arguments.nonce, "--nonce"),
            (arguments.nonce_commitment, "--nonce-commitment"),
        )
    )
    if published is not None and nonce is None:
        raise UsageError("NONCE", "--nonce-commitment says what --nonce must be; --nonce is missing")
    if arguments.size is not None:
        refuse_size(arguments.size)
    request = SampleRequest(seed, nonce, published, arguments.size, arguments.measure)
    policy, now = trust(arguments)
    with opened(arguments.file) as package:
        return report_of(arguments, verify_book_package(package, policy, arguments.policy_key, now, log_proofs_of(arguments), request))


def opening(arguments: argparse.Namespace) -> int:
    """Verify an opened group of a book, with the book's package if given."""
    from verifier.verify_opening import verify_opening

    policy, now = trust(arguments)
    data, log_proofs = read_file(arguments.file), log_proofs_of(arguments)
    if arguments.package is None:
        return report_of(arguments, verify_opening(data, policy, arguments.policy_key, now, log_proofs=log_proofs))
    with opened(arguments.package) as package:
        return report_of(arguments, verify_opening(data, policy, arguments.policy_key, now, package=package, log_proofs=log_proofs))


def envelope(arguments: argparse.Namespace) -> int:
    """Verify that an entry is in a bank's anchored envelope log."""
    from verifier.verify_envelope import verify_envelope

    policy, now = trust(arguments)
    body, proof, log_proofs = read_file(arguments.file), read_file(arguments.proof), log_proofs_of(arguments)
    return report_of(arguments, verify_envelope(body, proof, policy, arguments.policy_key, now, log_proofs))


def recompute(arguments: argparse.Namespace) -> int:
    """Recompute the lines of a package and nothing else."""
    from verifier.verify_package import recompute_package

    with opened(arguments.file) as package:
        return report_of(arguments, recompute_package(package))
