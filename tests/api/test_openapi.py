"""The committed OpenAPI file is what the routes say, and says enough."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from api.operation import operation
from api.problems.catalogue import KINDS
from scripts import export_openapi
from tests.api.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [(path, method, item) for path, methods in DOCUMENT["paths"].items() for method, item in methods.items()]


def test_the_committed_file_is_up_to_date() -> None:
    assert export_openapi.main(["--check"]) == 0


def test_a_stale_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "openapi.json"
    stale.write_text("{}\n")
    monkeypatch.setattr(export_openapi, "FILE", stale)
    assert export_openapi.main(["--check"]) == 1
    assert export_openapi.main([]) == 0
    assert export_openapi.main(["--check"]) == 0


def test_the_server_serves_the_committed_document(city: Scene) -> None:
    answer = city.get(None, "/openapi.json")
    assert answer.json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_operation_has_a_name_a_summary_and_a_tag() -> None:
    names = Counter(item["operationId"] for _, _, item in OPERATIONS)
    assert max(names.values()) == 1
    for path, _, item in OPERATIONS:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", item["operationId"]), path
        assert item["summary"], path
        assert item["tags"], path


def test_every_problem_answer_is_a_problem_document_and_none_is_the_frameworks() -> None:
    for path, method, item in OPERATIONS:
        for status, answer in item["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT)):
        target: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_request_models_are_closed() -> None:
    for path, _, item in OPERATIONS:
        content = item.get("requestBody", {}).get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref")
        if reference is not None:
            schema = DOCUMENT["components"]["schemas"][reference.rsplit("/", 1)[1]]
            assert schema["additionalProperties"] is False, path


def test_a_post_takes_a_body_and_names_too_large_and_wrong_type_and_a_conflict_where_it_has_a_key() -> None:
    for path, method, item in OPERATIONS:
        if method == "post":
            assert item["requestBody"]["required"], path
            keyed = any(parameter["name"] == "Idempotency-Key" for parameter in item.get("parameters", []))
            assert {"400", "413", "415", "422"} | ({"409"} if keyed else set()) <= set(item["responses"]), path


def test_a_route_without_a_policy_does_not_start() -> None:
    with pytest.raises(KeyError, match=r"reports\.create"):
        operation("reports.create", "a route that nobody judged")


def test_the_guide_lists_every_kind_of_problem() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    table = guide.split("<!-- problems: begin -->\n")[1].split("<!-- problems: end -->")[0]
    rows = "".join(f"| `{kind.code}` | {kind.status} | {kind.title.en} {kind.title.zh} |\n" for kind in KINDS)
    assert table == "| code | status | meaning |\n|---|---|---|\n" + rows


def test_every_route_that_the_guide_names_exists() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    known = {(method.upper(), path) for path, method, _ in OPERATIONS}
    for method, path in re.findall(r"`(GET|POST|PUT) (/[a-z][^`\s?]*)`", guide):
        assert (method, path) in known or (method, path) == ("GET", "/openapi.json"), (method, path)
