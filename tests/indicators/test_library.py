"""The shipped release: what the tables make, named by the hash of its canonical bytes."""

from __future__ import annotations

import hashlib
import shutil
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedDocument, NotFound, UnitError
from ledger.indicators.build import build_release
from ledger.indicators.reading import read_release, release_from_document
from ledger.indicators.shipped import shipped_bytes, shipped_release
from scripts.build_library import main
from tests.indicators.documents import document

TABLES = Path("ledger/indicators/tables")


@pytest.fixture
def tables(root: Path, tmp_path: Path) -> Path:
    """A copy of the tables to change."""
    return shutil.copytree(root / TABLES, tmp_path / "tables")


def edit(table: Path, old: str, new: str) -> None:
    """Replace a text that the table has."""
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")


def test_the_committed_release_is_what_the_tables_make() -> None:
    assert build_release().to_bytes() == shipped_bytes()
    assert main(["--check"]) == 0


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of releases of its own for the builder."""
    monkeypatch.setattr("scripts.build_library.RELEASES", tmp_path)
    return tmp_path


def test_a_changed_table_is_noticed_and_the_difference_said(releases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = releases / "lingtan-2026.1.json"
    file.write_bytes(shipped_bytes().replace(b'"value":"0.5306"', b'"value":"0.5307"'))
    assert main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "python -m scripts.build_library" in said
    assert "  ~ grid_average.cn.2023: value: 0.5307 -> 0.5306" in said.splitlines()
    assert main([]) == 0
    assert "grid_average.cn.2023: value: 0.5307 -> 0.5306" in capsys.readouterr().out
    assert file.read_bytes() == shipped_bytes()
    assert main([]) == 0
    assert "is what the tables make" in capsys.readouterr().out


def test_a_release_is_written_where_none_was_or_the_file_is_none(releases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = releases / "lingtan-2026.1.json"
    assert main(["--check"]) == 1
    assert not file.exists()
    assert main([]) == 0
    file.write_bytes(b"{}")
    assert main([]) == 0
    assert "the file before is no release" in capsys.readouterr().out
    assert file.read_bytes() == shipped_bytes()


def test_a_changed_cell_changes_the_hash(tables: Path) -> None:
    edit(tables / "electricity.csv", "0.5306", "0.5307")
    assert build_release(tables).hash != shipped_release().hash


@settings(max_examples=8, deadline=None)
@given(st.integers())
def test_the_order_of_rows_does_not_reach_the_hash(seed: int) -> None:
    random = Random(seed)
    tables = files("ledger.indicators") / "tables"
    shuffled = {}
    for table in sorted(tables.iterdir(), key=lambda item: item.name):
        head, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
        # Rules are tried in their order and rows are printed in theirs: for these two the order is what the table says.
        if table.name not in ("selections.csv", "template_rows.csv"):
            random.shuffle(rows)
        shuffled[table.name] = "".join([head, *rows])
    assert build_release(Texts(shuffled)).hash == shipped_release().hash  # type: ignore[arg-type]


class Texts:
    """A folder of tables in memory, as far as the builder reads one."""

    def __init__(self, texts: dict[str, str], name: str = "") -> None:
        self.texts, self.name = texts, name

    def __truediv__(self, name: str) -> Texts:
        return Texts(self.texts, name)

    def read_text(self, encoding: str) -> str:
        return self.texts[self.name]


def test_the_order_of_rules_does_reach_the_hash() -> None:
    swapped = document()
    swapped["selections"][0], swapped["selections"][1] = swapped["selections"][1], swapped["selections"][0]
    assert release_from_document(swapped).hash != shipped_release().hash


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [("gwp.csv", "too,short", r"gwp\.csv line 7"), ("policies.csv", "jump_bp,a third", "an integer is expected")],
)
def test_a_row_that_cannot_be_read_is_refused(tables: Path, table: str, row: str, message: str) -> None:
    path = tables / table
    path.write_text(path.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    with pytest.raises(MalformedDocument, match=message):
        build_release(tables)


def test_a_blend_cell_without_a_share_is_refused(tables: Path) -> None:
    edit(tables / "refrigerants.csv", "R-125:0.5|R-32:0.5", "R-125|R-32:0.5")
    with pytest.raises(MalformedDocument, match="blend/0/share"):
        build_release(tables)


def test_the_hash_is_the_sha256_of_the_file() -> None:
    assert shipped_release().hash == hashlib.sha256(shipped_bytes()).hexdigest()
    assert release_from_document(document()) == shipped_release()


def test_bytes_are_read_once_and_what_a_release_hands_out_can_be_changed_without_changing_it() -> None:
    data = shipped_bytes()
    release = read_release(data)
    assert read_release(bytes(bytearray(data))) is release
    given: Any = release.to_document()
    for taken in (given["policies"]["factor_uncertainty_bp"], given["gwp_sets"][0]["values"], given["factors"][0]):
        taken.clear()
    given["units"].clear()
    assert read_release(data).to_bytes() == data
    changed = data.replace(b'"release":"lingtan-2026.1"', b'"release":"lingtan-2026.9"')
    assert read_release(changed).release == "lingtan-2026.9"
    with pytest.raises(MalformedDocument):
        read_release(data + b" ")


@pytest.mark.parametrize(
    ("text", "code", "base"),
    [
        ("万kWh", "10MWh", 10_000),
        ("万m3", "10000m3", 10_000),
        ("万L", "10000L", 10_000),
        ("度", "kWh", 1),
        ("GJ", "GJ", 1000),
        ("tCO2e", "tCO2e", 1000),
        ("g", "g", Fraction(1, 1000)),
        ("人公里", "pkm", 1),
        ("万公里", "10000km", 10_000),
        ("间夜", "night", 1),
    ],
)
def test_units_are_found_by_code_and_alias(text: str, code: str, base: int | Fraction) -> None:
    unit = shipped_release().unit(text)
    assert (unit.code, unit.base_units) == (code, base)


def test_a_tonne_of_coal_equivalent_is_seven_gigacalories() -> None:
    # 7,000 kcal/kg and 4.1868 kJ/kcal: 29.3076 GJ/t exactly (GB/T 2589).
    assert shipped_release().unit("tce").base_units == 7000 * Fraction("4.1868")
    assert shipped_release().unit("kgce").base_units * 1000 == shipped_release().unit("tce").base_units


def test_an_unknown_unit_names_the_known_ones() -> None:
    with pytest.raises(UnitError, match="gallon") as caught:
        shipped_release().unit("gallon")
    assert "kWh" in caught.value.hint


def test_what_the_release_has_not_is_not_found() -> None:
    release = shipped_release()
    for get in (release.indicator, release.factor, release.gwp_set, release.document, release.template, release.target_profile):
        with pytest.raises(NotFound, match="no-such-thing"):
            get("no-such-thing")
    assert (release.find_document("x"), release.find_factor("x"), release.find_indicator("x")) == (None, None, None)


def test_a_factor_refuses_activity_it_does_not_serve() -> None:
    with pytest.raises(UnitError, match="does not apply to activity in L"):
        shipped_release().factor("fuel.petrol.generic").gases("liquid")
    with pytest.raises(UnitError):
        shipped_release().factor("grid_average.cn.2023").gases("energy")
    with pytest.raises(UnitError):
        shipped_release().factor("refrigerant.r-32").gases("liquid")
