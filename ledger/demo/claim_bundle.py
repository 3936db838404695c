"""One file for a stranger: the bundle of a claim, opened with the policy alone, to level L4 and recomputed."""

from __future__ import annotations

import json
import time
from pathlib import Path

from ledger.demo.drill import Trust, verify
from ledger.demo.story import StepFailed, Story
from ledger.records import canonical

WAIT_SECONDS = 60.0


def prove_claim(story: Story, claim: str, trust: Trust) -> Path:
    """Fetch the bundle of a claim as soon as the witnesses have cosigned it, and verify it offline; return its file.

    Raises:
        StepFailed: no witness answered in time, or the bundle does not reach what it should.
    """
    file = story.cast.auditor.folder / f"{claim.replace(':', '-')}.lingtan.json"
    policy = canonical.load(trust.policy.read_bytes())
    pinned = str(policy["checkpoint"]["pinned"]).split("\n")[1]  # type: ignore[index,call-overload]
    auditor = story.party(story.cast.auditor).client
    end = time.monotonic() + WAIT_SECONDS
    while True:
        # Asking has the chain publish a checkpoint over its head, which the witnesses are then shown.
        data = auditor.get_bytes(f"/v1/claims/{claim}/bundle", since=pinned)
        if json.loads(data)["finality"]["checkpoint"].count("\u2014 ") > 2:
            break
        if time.monotonic() > end:
            raise StepFailed("no quorum of witnesses cosigned the newest checkpoint", hint="see witness.log in the witnesses' folders")
        time.sleep(0.5)
    file.write_bytes(data)
    answer = verify("bundle", file, trust)
    if (answer.code, answer.level, answer.recomputation) != (0, "L4", "RECOMPUTED"):
        listed = "; ".join(
            f"{check['id']} {check['outcome']}: {check.get('means')}" for check in answer.checks if check["outcome"] != "PASS"
        )
        raise StepFailed(f"{file.name}: {answer.verdict} {answer.level} {answer.recomputation}, expected VALID L4 RECOMPUTED", hint=listed)
    story.voice.fact(
        f"{file.name}: VALID, L4, RECOMPUTED ({file.stat().st_size // 1024} kB, {len(answer.checks)} checks, cosigned by two witnesses)",
        f"{file.name}：通过，L4，已重算（{file.stat().st_size // 1024} kB，{len(answer.checks)} 项检查，两家见证方副署）",
    )
    return file
