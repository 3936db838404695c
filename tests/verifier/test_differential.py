"""Two verifiers that share the specification and no line answer alike, and so do the product's own trees; every vector through both."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rlp

from tests.child import started
from tests.verifier import bundle_corpus
from tests.verifier import bundle_world as bw
from tests.verifier.bank import jcs
from tests.verifier.bundle_corpus import KEY, Case
from tests.verifier.differential import Browser, browser, compare, python_answer, remembering, summary
from tests.verifier.test_qbft import MUTATIONS
from verifier.wordings import WORDINGS

pytestmark = [pytest.mark.browser, pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")]
COUNT = int(os.environ.get("LINGTAN_DIFFERENTIAL", "1500"))
REFUSED = {1, 3, 6}
VECTORS = Path(__file__).with_name("browser_vectors.mjs")


@pytest.fixture(scope="module")
def asked() -> Iterator[Browser]:
    with remembering(), browser() as running:
        yield running


@pytest.mark.timeout(1800)
def test_both_verifiers_and_the_product_agree(asked: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    start = time.monotonic()
    found = compare(bundle_corpus.cases(1, COUNT, [*bundle_corpus.bases(), *bundle_corpus.kept()]), asked)
    with capsys.disabled():
        print(f"\n{summary(found, time.monotonic() - start)}")
    assert found.differences == []
    assert set(found.words) == {"VALID", "INVALID", "MALFORMED", "INCOMPLETE", "NOT-IN-FORCE", "UNTRUSTED"}


def test_every_kind_of_bundle_reaches_the_level_that_its_world_gives(asked: Browser) -> None:
    wanted = {"embedded": "L4", "sealed": "L3", "pinned": "L4", "grown": "L4"}
    for base in bundle_corpus.bases():
        world = base.name.split(" ")[0]
        if world in wanted and base.name.removeprefix(f"{world} ") in bundle_corpus.MAKERS:
            certified = "claim" in base.name and world in ("embedded", "grown")
            answer = asked.ask(base.case("as it is"))
            grown = world == "grown" and certified  # its status block is not the newest, and is therefore older than its cosignatures
            level = wanted[world] if grown or not certified else "L5"
            assert (base.name, answer["word"] in ("VALID", "INCOMPLETE")) == (base.name, True)
            assert (base.name, answer["level"]) == (base.name, level)


def test_no_changed_byte_of_a_bundle_passes_in_the_browser(asked: Browser) -> None:
    world = bw.World(bw.Options(witnesses=3))
    data, policy = jcs(bw.make_meter(world)), jcs(bw.sign_policy(world.policy()))
    rng = random.Random(5)
    for at in rng.sample(range(len(data)), 800):
        changed = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        answer = asked.ask(Case(f"byte {at}", changed, policy, KEY))
        assert answer["exit"] in REFUSED, (at, answer)


def test_a_consistency_file_bridges_to_the_pinned_checkpoint_in_both(asked: Browser) -> None:
    world = bw.World(bw.Options(pinned=6))
    document = bw.make_line(world)
    proof = document["finality"]["consistency"]
    document["finality"]["consistency"] = None
    policy = jcs(bw.sign_policy(world.policy()))
    file = {"schema": "lingtan.consistency/1", "origin": bw.ORIGIN, "proofs": [{"old_size": "6", "new_size": "9", "hashes": proof}]}
    for consistency, word in (
        (None, "INCOMPLETE"),
        (jcs(file), "VALID"),
        (jcs({**file, "proofs": []}), "INCOMPLETE"),
        (b"{}", "MALFORMED"),
    ):
        case = Case("bridged", jcs(document), policy, KEY, consistency=consistency)
        assert (asked.ask(case)["word"], python_answer(case)["word"]) == (word, word)


def vectors(shared: Path) -> dict[str, Any]:
    """The published files; numbers beyond 2^53 as text, for JavaScript's sake."""
    text = (shared / "vectors/rfc9162.json").read_text()
    plain = json.loads(re.sub(r'("(?:leafIdx|treeSize|size1|size2)"): (\d+)', r'\1: "\2"', text))
    header = json.loads((shared / "vectors/qbft_headers.json").read_text())["qbft"][0]
    spoiled = {}
    for name, change in MUTATIONS.items():
        fields = rlp.decode(bytes.fromhex(header["header_rlp"]))
        extra = rlp.decode(fields[12])
        change(extra)
        fields[12] = rlp.encode(extra)
        spoiled[name] = rlp.encode(fields).hex()
    fields = rlp.decode(bytes.fromhex(header["header_rlp"]))
    fields[3] = bytes(32)
    spoiled["another state root"] = rlp.encode(fields).hex()
    return {
        "plain": plain,
        "sums": json.loads((shared / "vectors/merkle_sum.json").read_text())["trees"],
        "header": header,
        "spoiled": spoiled,
    }


def test_the_published_vectors_have_the_published_results_in_the_browser(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "vectors.json"
    given = vectors(shared)
    file.write_text(json.dumps(given))
    out = tmp_path / "out.json"
    with out.open("wb") as stream, started([str(shutil.which("node")), str(VECTORS), str(file)], stdout=stream) as process:
        assert process.wait(timeout=120) == 0
    found = json.loads(out.read_text())
    assert found["plain"] == {"cases": 196, "wrong": []}
    proofs = sum(len(tree["proofs"]) for tree in given["sums"] if tree["alg"] == 1)
    assert found["sums"] == {"trees": sum(tree["alg"] == 1 for tree in given["sums"]), "proofs": proofs, "wrong": []}
    header = given["header"]
    assert found["header"] == {
        "commit_hash": header["commit_hash"],
        "block_hash": header["block_hash_computed"],
        "sealed": True,
        "others": False,
    }
    assert set(found["refused"]) == set(given["spoiled"])


def test_both_say_the_same_about_the_same_answer(tmp_path: Path) -> None:
    table = tmp_path / "words.json"
    with table.open("wb") as stream, started([str(shutil.which("node")), str(VECTORS), "--words"], stdout=stream) as process:
        assert process.wait(timeout=60) == 0
    words = json.loads(table.read_text())
    assert len(words) > 40
    # What tells a reader to type an option, or to ask for a package, says in the page what the page has.
    own = {"NO_POLICY", "NO_POLICY_KEY", "NO_CONSISTENCY", "STATUS_AHEAD"}
    for code, said in words.items():
        if code in WORDINGS and code not in own and not code.islower():
            assert [text.replace("package", "bundle") for text in said[::2]] == [
                text.replace("package", "bundle") for text in WORDINGS[code][::2]
            ], code
    assert all(len(said) == 4 and all(said) for said in words.values())
