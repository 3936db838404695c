"""Run the command in this process, as a person would type it."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.verifier import evidence as ev
from verifier.__main__ import main

CLOCK = "2025-06-15T00:00:00Z"
POLICY_KEY = ev.raw_public(ev.POLICY_KEY).hex()


@dataclass
class Run:
    """What a run answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def checks(self, outcome: str) -> list[dict[str, str]]:
        return [check for check in self.document["checks"] if check["outcome"] == outcome]

    def failed(self) -> set[tuple[str, str]]:
        return {(check["id"], check["subject"]) for check in self.checks("FAIL")}


def run(*arguments: object) -> Run:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Run(code, out.getvalue(), err.getvalue())


def verify(folder: Path, evidence: ev.Evidence | bytes, *extra: object, policy: bytes | None = None, command: str = "package") -> Run:
    """Verify a package (or the bytes of any file) with the policy of the ordinary evidence, or another."""
    data = evidence.package() if isinstance(evidence, ev.Evidence) else evidence
    name = "line.lingtan.json" if command == "line" else "evidence.zip"
    (folder / name).write_bytes(data)
    (folder / "p.policy.json").write_bytes(policy if policy is not None else ev.evidence().policy())
    return run(command, folder / name, "--json", "--policy", folder / "p.policy.json", "--policy-key", POLICY_KEY, "--now", CLOCK, *extra)
