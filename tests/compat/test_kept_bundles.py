"""What an earlier release made and answered, the verifier of today answers too (README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verifier.policy import read_policy
from verifier.report import document_of
from verifier.verify_bundle import verify_bundle

HERE = Path(__file__).parent


def answers() -> list[Any]:
    found = []
    for folder in sorted(path for path in HERE.iterdir() if path.is_dir() and path.name[0].isdigit()):
        newest = max(
            folder.glob("expected*.json"),
            key=lambda path: [int(part) for part in path.stem.removeprefix("expected-").split(".") if part.isdigit()],
        )
        kept = json.loads(newest.read_text(encoding="utf-8"))
        found += [
            pytest.param(folder, kept["policy_key"], item, id=f"{folder.name} {item['bundle']} {item['policy']}")
            for item in kept["answers"]
        ]
    return found


@pytest.mark.parametrize(("folder", "key", "kept"), answers())
def test_a_kept_bundle_is_answered_as_it_was(folder: Path, key: str, kept: Any) -> None:
    policy = read_policy((folder / f"{kept['policy']}.policy.json").read_bytes())
    data = (folder / f"{kept['bundle']}.lingtan.json").read_bytes()
    found = document_of(verify_bundle(data, policy, key, kept["now"]), "en")
    assert [[item["id"], item["outcome"]] for item in found["checks"]] == kept["checks"]
    assert {name: found[name] for name in ("verdict", "exit_code", "level", "subject", "recomputed")} == {
        name: kept[name] for name in ("verdict", "exit_code", "level", "subject", "recomputed")
    }


def test_the_kept_folders_hold_what_the_readme_says() -> None:
    found = {(param.values[2]["bundle"], param.values[2]["policy"]): param.values[2]["exit_code"] for param in answers()}
    assert found["claim-certified", "witnessed"] == 0
    assert found["claim-stale", "witnessed"] == 4
    assert set(found.values()) >= {0, 4, 5, 6}
