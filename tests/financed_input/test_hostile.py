"""Whatever is written into a loan file, the answer is findings: never a fault inside, and always canonical bytes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ledger.records import canonical
from tests.financed_input.running import answer_to
from tests.financed_input.test_schema import WHOLE

STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 2**53 - 1, "", " ", "x", "-", "%", "5 %", "9" * 70, "1e5", "=1+1", "\u202e", "\x00", "a/b~c", "１２"),
    *(
        [],
        {},
        [[]],
        [None],
        {"": ""},
        {"a": {"b": []}},
        ["x", 1],
        "0.000000000000000000001",
        "999999999999999999",
        "12 %%",
        "1 万 万",
        "/",
        "1/",
    ),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


def put(path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    document = copy.deepcopy(WHOLE)
    here: Any = document
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return document


PATHS = [path for path in places(WHOLE)[1:] if "months" not in path[:-1]]
# Each place by one method, the other at the next: what reads is the same.
CASES = [(path, ("pcaf_2", "pboc_2021")[number % 2]) for number, path in enumerate(PATHS)]


@pytest.mark.parametrize(("path", "method"), CASES, ids=["/".join(map(str, path)) for path in PATHS])
def test_anything_anywhere_gives_findings(path: tuple[Any, ...], method: str) -> None:
    for strange in STRANGE:
        answer = answer_to(put(path, strange), method)
        assert canonical.dump(answer)
        assert answer["accepted"] == all(finding["severity"] != "error" for finding in answer["findings"])
        for finding in answer["findings"]:
            assert len(finding["got"] or "") <= 200
            assert finding["place"] == "" or finding["place"].startswith("/")


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
def test_a_field_that_nobody_knows_is_refused_whatever_it_holds(strange: Any) -> None:
    for path in ((), ("exposures", 0), ("defaults",), ("companies", 0), ("portfolio",), ("portfolio", "waci", 0), ("policies",)):
        answer = answer_to(put((*path, "no_such_field"), strange))
        assert "FIELD_UNKNOWN" in {finding["code"] for finding in answer["findings"]}
