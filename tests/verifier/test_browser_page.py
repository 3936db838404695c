"""The shipped page in headless Chromium: files chosen as a person does, the outcome read from the screen, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.build_browser_verifier import PAGE, SOURCE, build
from tests.verifier import bundle_corpus
from tests.verifier import bundle_world as bw
from tests.verifier.bank import jcs
from tests.verifier.browser_window import Window, find_chromium, window
from tests.verifier.bundle_corpus import KEY
from tests.verifier.bundle_mutations import put
from tests.verifier.differential import python_answer, remembering

pytestmark = [pytest.mark.browser, pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed")]
CLOCK = "2025-06-15T15:06:40Z"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with window(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def world() -> bw.World:
    return bw.World()


def show(page: Window, folder: Path, bundle: bytes, policy: bytes | None, *, key: str | None = KEY, language: str = "en") -> dict[str, Any]:
    """Open the page anew, give it these files, and return what it shows."""
    page.open(language=language)
    page.type("clock", CLOCK)
    page.type("policy-key", key or "")
    for name, data in (("policy", policy), ("bundle", bundle)):
        if data is not None:
            file = folder / f"a.{name}.json"
            file.write_bytes(data)
            page.choose(name, file)
            page.wait(f"document.getElementById('{name}-name').textContent === '{file.name}'")
    return page.report()


def test_the_committed_page_is_built_from_its_modules() -> None:
    assert PAGE.read_bytes() == build(SOURCE)


def outcomes(world: bw.World) -> dict[str, tuple[bytes, bytes | None]]:
    good, policy = bw.make_claim(world), world.policy()
    signed = jcs(bw.sign_policy(policy))
    revoked = bw.World(bw.Options(certificate_status=3))
    return {
        "VALID": (jcs(good), signed),
        "INVALID": (jcs(put(good, ("datasets", 1, "totals", 1), "999")), signed),
        "MALFORMED": (jcs(good)[:5000], signed),
        "INCOMPLETE": (jcs(good), None),
        "NOT-IN-FORCE": (jcs(bw.make_claim(revoked)), jcs(bw.sign_policy(revoked.policy()))),
        "UNTRUSTED": (jcs(good), jcs(bw.sign_policy({**policy, "libraries": ["00" * 32]}))),
    }


WORDS = {
    "VALID": "有效",
    "INVALID": "不符",
    "MALFORMED": "无法读取",
    "INCOMPLETE": "不完整",
    "NOT-IN-FORCE": "未生效",
    "UNTRUSTED": "不受信任",
}


@pytest.mark.parametrize("word", WORDS)
def test_each_outcome_is_shown_as_the_python_verifier_gives_it(page: Window, world: bw.World, tmp_path: Path, word: str) -> None:
    bundle, policy = outcomes(world)[word]
    with remembering():
        wanted = python_answer(bundle_corpus.Case(word, bundle, policy, KEY if policy else None))
    found = show(page, tmp_path, bundle, policy, key=KEY if policy else None)
    assert (found["word"], found["level"], found["checks"]) == (word, wanted["level"], wanted["checks"])
    assert found["code"].endswith(f"exit code {wanted['exit']}")
    page.click("[data-language=zh]")
    assert page.report()["shown"] == WORDS[word]


def test_a_house_s_own_bundle_is_shown_as_kept(page: Window, tmp_path: Path) -> None:
    base = next(item for item in bundle_corpus.kept() if item.name == "house claim-certified witnessed")
    case = base.case("as it is")
    page.open()
    found = show(page, tmp_path, case.bundle, case.policy, key=case.policy_key)
    with remembering():
        answer = python_answer(bundle_corpus.Case("kept", case.bundle, case.policy, case.policy_key, 1_750_000_000))
    assert (found["word"], found["checks"]) == (answer["word"], answer["checks"])
    assert "NOT RECOMPUTED" in found["text"]


def test_the_page_asks_no_network_and_browsers_agree_with_its_arithmetic(page: Window, world: bw.World, tmp_path: Path) -> None:
    page.complaints.clear()
    found = show(page, tmp_path, *outcomes(world)["VALID"])
    assert page.requests == [PAGE.as_uri()]
    assert page.complaints == []
    assert "WebCrypto gives the same hashes" in found["text"]
    page.evaluate("fetch('https://192.0.2.1/').catch(() => 0)")
    assert any("Content Security Policy" in item for item in page.complaints)


def test_a_dropped_file_says_itself_what_it_is(page: Window, world: bw.World) -> None:
    bundle, policy = outcomes(world)["VALID"]
    page.open()
    page.type("clock", CLOCK)
    for data in (policy, bundle):
        assert data is not None
        page.evaluate(
            f"""(() => {{ const given = new DataTransfer(); given.items.add(new File([Uint8Array.from({list(data)})], 'dropped.json'));
            document.dispatchEvent(new DragEvent('drop', {{ dataTransfer: given, bubbles: true, cancelable: true }})); }})()"""
        )
    found = page.report()
    assert found["word"] == "INCOMPLETE"  # whose policy it is was not said
    assert {id for id, outcome in found["checks"].items() if outcome != "PASS"} == {"policy.signature"}


def test_a_name_in_a_file_cannot_write_on_the_page(page: Window, world: bw.World, tmp_path: Path) -> None:
    evil = '<img src=x onerror="document.title=1">\u202e'
    document = put(bw.make_line(world), ("datasets", 0, "items", 0, "asset"), evil)
    found = show(page, tmp_path, jcs(document), jcs(bw.sign_policy(world.policy())))
    assert "<img src=x" in found["text"]
    assert "\\u202e" in found["text"]
    assert page.evaluate("document.querySelectorAll('img').length") == 0


def test_a_wrong_key_or_clock_is_said_beside_the_field_and_nothing_is_judged(page: Window, tmp_path: Path) -> None:
    page.open()
    page.type("policy-key", "abc")
    page.type("clock", "yesterday")
    assert "64 hex digits" in page.evaluate("document.getElementById('policy-key-error').textContent")
    assert "YYYY-MM-DD" in page.evaluate("document.getElementById('clock-error').textContent")
    assert page.evaluate("document.querySelector('.report')") is None


@pytest.mark.parametrize(("field", "error"), [("policy-key", "64 位"), ("clock", "YYYY-MM-DD")])
def test_an_answer_to_other_settings_than_those_that_stand_above_it_is_taken_away(
    page: Window, world: bw.World, tmp_path: Path, field: str, error: str
) -> None:
    assert show(page, tmp_path, *outcomes(world)["VALID"])["word"] == "VALID"
    right = page.evaluate(f"document.getElementById('{field}').value")
    page.type(field, "zz")
    assert page.evaluate("document.querySelector('.report')") is None
    page.click("[data-language=zh]")
    for place in (f"#{field}-error", "#result"):
        assert error in page.evaluate(f"document.querySelector('{place}').textContent")
    page.type(field, right)
    assert page.report()["word"] == "VALID"


def test_it_prints_and_shows_in_the_dark(page: Window, world: bw.World, tmp_path: Path) -> None:
    show(page, tmp_path, *outcomes(world)["VALID"], language="zh")
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    page.picture(light)
    page.picture(dark, scheme="dark")
    assert light.read_bytes() != dark.read_bytes()
    assert len(page.call("Page.printToPDF", printBackground=False)["data"]) > 20_000
