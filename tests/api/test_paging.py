"""Pages follow each other without gap or repeat; a cursor belongs to one list and one institution."""

from __future__ import annotations

import re

import pytest

from tests.api.scene import Scene

PATH = "/v1/institutions/bank-c/participant-actions"
AUDIT = "/v1/audit-log"


def test_following_the_pages_gives_every_entry_once(city: Scene) -> None:
    whole = [entry["seq"] for entry in city.get("auditor", AUDIT, params={"limit": 20}).json()["items"]]
    found: list[int] = []
    path: str | None = f"{AUDIT}?limit=7"
    while path is not None and len(found) < 20:
        answer = city.get("auditor", path)
        assert answer.status_code == 200, answer.text
        found += [entry["seq"] for entry in answer.json()["items"]]
        match = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert (match is None) == (answer.json()["next_cursor"] is None)
        path = match.group(1) if match else None
    assert found[:20] == whole


def test_the_last_page_has_no_cursor(city: Scene) -> None:
    answer = city.get("operator", "/v1/institutions", params={"limit": 200})
    assert answer.json()["next_cursor"] is None
    assert "link" not in answer.headers


def test_a_changed_or_foreign_cursor_is_refused(city: Scene) -> None:
    cursor = city.get("auditor", AUDIT, params={"limit": 1}).json()["next_cursor"]
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    attempts = [
        ("auditor", AUDIT, changed),
        ("auditor", AUDIT, "bm9uc2Vuc2U"),
        ("auditor", AUDIT, "§"),
        ("auditor", "/v1/institutions", cursor),
        ("operator", AUDIT, cursor),  # another tenant
    ]
    for who, path, value in attempts:
        answer = city.get(who, path, params={"cursor": value})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor.invalid"), (who, path, answer.text)


def test_a_cursor_does_not_carry_over_to_another_filter(city: Scene) -> None:
    cursor = city.get("librarian", "/v1/library-releases", params={"kind": "schema", "limit": 1}).json()["next_cursor"]
    assert cursor is not None
    other = city.get("librarian", "/v1/library-releases", params={"kind": "library", "cursor": cursor})
    assert other.status_code == 400


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5"])
def test_a_limit_outside_its_bounds_is_refused(city: Scene, limit: str) -> None:
    answer = city.get("auditor", AUDIT, params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query/limit")
