"""The reference page works inside a bank's network: own files only, strict policy, files as their release has them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scripts import vendor_assets
from tests.api.plain import plain_app


@pytest.fixture(scope="module")
def http() -> TestClient:
    return TestClient(plain_app())


def test_the_page_loads_only_files_of_this_server_and_each_exists(http: TestClient) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    for link in links:
        assert link.startswith("/"), link
        assert not link.startswith("//"), link
        if link != "/openapi.json":
            assert http.get(link).status_code == 200, link
    assert "http" not in page.text.replace("http-equiv", "")


def test_the_policy_forbids_inline_code_and_the_page_has_none(http: TestClient) -> None:
    page = http.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "'unsafe" not in policy
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    assert "style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_our_script_asks_no_validator_elsewhere(http: TestClient) -> None:
    script = http.get("/static/docs.js").text
    assert "validatorUrl: null" in script
    assert "//" not in script


def test_versioned_files_may_be_kept_for_ever_and_others_not(http: TestClient) -> None:
    kept = http.get("/static/vendor/swagger-ui-dist-5.35.0/swagger-ui.css")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert http.get("/static/docs.js").headers["cache-control"] == "public, no-cache"


def test_a_missing_file_and_a_path_that_leaves_the_folder_are_problems(http: TestClient) -> None:
    for path in ("/static/none.js", "/static/..%2fapp.py", "/static/%2e%2e/app.py"):
        answer = http.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_has_the_safe_headers(http: TestClient) -> None:
    for path in ("/error", "/no/such", "/docs", "/problems"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["referrer-policy"] == "no-referrer", path
        assert re.fullmatch("[0-9a-f]{32}", headers["trace-id"]), path


def test_the_committed_files_are_the_release_named() -> None:
    assert vendor_assets.main(["--check"]) == 0


def test_a_changed_missing_or_added_file_is_found(tmp_path: Path) -> None:
    package = vendor_assets.PACKAGES[0]
    shutil.copytree(vendor_assets.FOLDER, tmp_path / "vendor")
    folder = tmp_path / "vendor"
    assert vendor_assets.check(package, folder) == []
    style = folder / package.folder / "swagger-ui.css"
    style.write_bytes(style.read_bytes() + b" ")
    (folder / package.folder / "LICENSE").unlink()
    (folder / package.folder / "extra.js").write_text("1")
    problems = vendor_assets.check(package, folder)
    assert len(problems) == 3
    assert all(any(name in problem for problem in problems) for name in ("swagger-ui.css", "LICENSE", "extra.js"))
