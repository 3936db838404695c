"""Say what `lingtan-verify` takes: every command with its options, and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from verifier import NAME, VERSION, commands, tools


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(prog=NAME, description="Verify Lingtan evidence offline. 离线核验零碳证据。")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    _add_answer(parser, in_command=False)
    each = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str, *aliases: str, trust: bool = False) -> argparse.ArgumentParser:
        command = each.add_parser(name, aliases=list(aliases), help=text, description=text)
        command.add_argument("file", type=Path, metavar="FILE")
        _add_answer(command, in_command=True)
        if trust:
            command.add_argument("--policy", type=Path, metavar="P", help="policy file: all trust is here")
            command.add_argument("--policy-key", metavar="K", help="public key or fingerprint of the policy's signer; several with commas")
            command.add_argument("--consistency", type=Path, metavar="C", help="proofs between the checkpoints of anchors and policy")
            command.add_argument("--now", metavar="INSTANT", help="the time to check at (default: this machine's clock)")
        command.set_defaults(run=run)
        return command

    add("package", commands.package, "verify an evidence package and recompute it", trust=True)
    bundle = add("bundle", commands.bundle, "verify a proof bundle, and recompute what it holds the inputs of", trust=True)
    bundle.add_argument("--no-recompute", action="store_true", help="leave the recomputation out")
    line = add("line", commands.line, "verify a line proof", trust=True)
    line.add_argument("--package", type=Path, metavar="ZIP", help="evidence package whose signed statement names the meter")
    financed = add("financed", commands.financed, "verify the book of an evidence package: all of it, or its opened groups", trust=True)
    financed.add_argument("--seed", metavar="HEX", help="32 bytes that draw the groups which must be opened")
    financed.add_argument("--nonce", metavar="HEX", help="32 bytes; the seed is H(0x22, R, nonce, hash of the anchor block)")
    financed.add_argument("--nonce-commitment", metavar="HEX", help="H(0x20, nonce), as published before the anchor")
    financed.add_argument("--size", type=int, metavar="K", help="number of draws (default: 1 %% at 95 %%)")
    financed.add_argument("--measure", type=int, choices=range(4), help="draw by this measure instead of by group")
    opening = add("opening", commands.opening, "verify an opened group of a book", trust=True)
    opening.add_argument("--package", type=Path, metavar="ZIP", help="the book's evidence package, with attestation and anchor")
    envelope = add("envelope", commands.envelope, "verify that an entry is in a bank's anchored envelope log", trust=True)
    envelope.add_argument("--proof", required=True, type=Path, metavar="P", help="the proof (lingtan.log-proof/1) of the entry FILE")
    add("recompute", commands.recompute, "recompute the lines of a package and nothing else")
    add("meter", tools.meter, "recompute header and digest of a meter record (.ltm)")
    add("hash", tools.hash_of, "print the hash of a document, package or file")
    sample = add("sample", tools.sample, "draw a sample from a package or bundle, or check an auditor's sample of it", trust=True)
    sample.add_argument("--seed", metavar="HEX", help="32 bytes")
    sample.add_argument("--nonce", metavar="HEX", help="32 bytes; the seed is H(0x22, R, nonce, hash of the anchor block)")
    sample.add_argument("--nonce-commitment", metavar="HEX", help="H(0x20, nonce), as published before the anchor")
    sample.add_argument("--record", type=Path, metavar="SAMPLE", help="the evidence of a sample (lingtan.sample-proof/1): check it")
    sample.add_argument("--size", type=int, metavar="K", help="number of draws (default: 1 %% at 95 %%)")
    sample.add_argument("--dataset", default="OPERATIONAL", choices=("OPERATIONAL", "METERS", "FINANCED_PCAF", "FINANCED_PBOC"))
    sample.add_argument("--measure", type=int, choices=range(4), help="draw by this measure instead of by item")
    policy = add("policy", commands.policy, "check a policy file, and that it may follow the one before")
    policy.add_argument("--from", dest="old", type=Path, metavar="OLD", help="the policy before, which you trust")
    policy.add_argument("--policy-key", metavar="K", help="public key or fingerprint of a signer of OLD (of FILE without it)")
    policy.add_argument("--now", metavar="INSTANT", help="the time to check at (default: this machine's clock)")
    verdict = add("verdict", tools.verdict, "verify a package and sign a verdict on its claim", trust=True)
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


def _add_answer(parser: argparse.ArgumentParser, *, in_command: bool) -> None:
    """Take how to answer, before a command and after its name; what is not said there leaves what was said before it."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS if in_command else False, help="one JSON object on stdout")
    parser.add_argument(
        "--lang",
        choices=("en", "zh"),
        default=argparse.SUPPRESS if in_command else None,
        help="language of the text (from LANG by default)",
    )
