"""The verifier's part of the story: recompute, sign with the verifier's own key, hand in, wait until the claim is attested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger.client import acts
from ledger.demo.drill import Trust
from ledger.demo.story import WAIT_SECONDS, StepFailed, Story

ATTESTED = frozenset({"attested", "rejected", "disputed", "certified"})


def give_verdict(story: Story, claim: str, package: Path, trust: Trust) -> None:
    """Have `lingtan-verify verdict` recompute, sign and submit, unless the claim has a verdict.

    Raises:
        StepFailed: it was not given.
    """
    verifier = story.cast.verifier
    party = story.party(verifier)
    answer = party.client.get(f"/v1/claims/{claim}")
    if answer["state"] == "submitted" and not list(party.client.get_all("/v1/verdicts", claim=claim)):
        command = [
            *(sys.executable, "-m", "verifier", "verdict", str(package), *trust.arguments()),
            *("--claim", claim.partition(":")[2], "--institution", str(verifier.institution), "--assurance", "limited"),
            *("--key", str(verifier.key_file), "--passphrase-file", str(verifier.passphrase_file)),
            *(
                "--out",
                str(verifier.folder / f"{package.stem}.verdict.json"),
                "--submit",
                story.url,
                "--token",
                verifier.token_file.read_text(),
            ),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=verifier.folder)
        if done.returncode != 0:
            raise StepFailed(f"the verdict on {claim} was not given (exit {done.returncode})", hint=done.stderr.strip()[-600:])


def wait_verdict(story: Story, claim: str) -> str:
    """Wait until the chain has the verdict on a claim; return the claim's state, which is attested.

    Raises:
        StepFailed: it is another.
    """
    party = story.party(story.cast.verifier)
    state = party.client.wait(f"/v1/claims/{claim}", until=ATTESTED, seconds=WAIT_SECONDS)["state"]
    if state != "attested":
        raise StepFailed(f"the claim {claim} is {state}, expected attested", hint=str(acts.SETTLED))
    return str(state)
