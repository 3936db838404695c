"""What no workbook may be is refused before anything in it is parsed, and costs no memory."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.workbook.reading import read_workbook
from ledger.workbook.safety import Limits, check_workbook
from ledger.workbook.sheets import read_sheets
from tests.workbook.banks import BANK, RELEASE, template

TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def changed(parts: dict[str, bytes | None]) -> bytes:
    """The template with these parts put in, exchanged or (None) left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template())) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in parts:
                target.writestr(name, source.read(name))
        for name, content in parts.items():
            if content is not None:
                target.writestr(name, content)
    return buffer.getvalue()


def codes(data: bytes) -> list[str]:
    return [finding.code for finding in check_workbook(data)]


def part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(template())) as source:
        return source.read(name)


def link(target: str, kind: str) -> bytes:
    return RELS.format(f'<Relationship Id="rId9" Type="{OFFICE}/{kind}" Target="{target}" TargetMode="External"/>').encode()


def test_the_template_itself_is_safe() -> None:
    assert codes(template()) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "WORKBOOK_NOT_ZIP"),
        (b"unit,value\r\nhq,1\r\n", "WORKBOOK_NOT_ZIP"),
        (b"%PDF-1.7", "WORKBOOK_NOT_ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "WORKBOOK_ENCRYPTED"),
        (b"PK\x03\x04" + bytes(600), "WORKBOOK_DAMAGED"),
        (b"PK\x03\x04" + b"PK\x01\x02" * 500, "WORKBOOK_TOO_LARGE"),
    ],
)
def test_what_is_no_workbook_is_refused_by_its_bytes(data: bytes, code: str) -> None:
    assert codes(data) == [code]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/vbaProject.bin": b"x"}, "WORKBOOK_MACROS"),
        ({"xl/macrosheets/sheet1.xml": b"<x/>"}, "WORKBOOK_MACROS"),
        ({"xl/activeX/activeX1.xml": b"<x/>"}, "WORKBOOK_MACROS"),
        ({"customUI/customUI.xml": b"<x/>"}, "WORKBOOK_MACROS"),
        ({"xl/externalLinks/externalLink1.xml": b"<x/>"}, "WORKBOOK_EXTERNAL"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "WORKBOOK_EXTERNAL"),
        ({"xl/connections.xml": b"<x/>"}, "WORKBOOK_EXTERNAL"),
        ({"xl/_rels/extra.xml.rels": link("file:///etc/passwd", "image")}, "WORKBOOK_EXTERNAL"),
        ({"xl/_rels/extra.xml.rels": link("https://example.org/x.dotm", "attachedTemplate")}, "WORKBOOK_EXTERNAL"),
        ({"../outside.xml": b"<x/>"}, "WORKBOOK_ENTRY"),
        ({"/etc/passwd": b"x"}, "WORKBOOK_ENTRY"),
        ({"XL/workbook.xml": b"<x/>"}, "WORKBOOK_ENTRY"),
        ({"[Content_Types].xml": None}, "WORKBOOK_DAMAGED"),
        ({"[Content_Types].xml": b"<Types"}, "WORKBOOK_DAMAGED"),
        (
            {"[Content_Types].xml": TYPES.format('<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>').encode()},
            "WORKBOOK_MACROS",
        ),
        (
            {
                "[Content_Types].xml": TYPES.format(
                    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>'
                ).encode()
            },
            "WORKBOOK_MACROS",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_parts_that_run_or_fetch_are_refused(parts: dict[str, bytes | None], code: str) -> None:
    assert codes(changed(parts)) == [code]


def test_a_web_address_that_somebody_typed_is_no_reason() -> None:
    assert codes(changed({"xl/_rels/extra.xml.rels": link("https://example.org/", "hyperlink")})) == []


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'


@pytest.mark.parametrize("name", ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet2.xml"])
@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE])
def test_a_document_type_is_refused_in_every_part_that_is_read(name: str, content: bytes) -> None:
    sheets, findings = read_sheets(changed({name: content}))
    assert sheets == {}
    assert [finding.code for finding in findings] == ["WORKBOOK_ENTITIES"]


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(template())
    # Bit 0 of the flags, in the first entry of the directory.
    at = data.index(b"PK\x01\x02") + 8
    data[at : at + 2] = struct.pack("<H", 1)
    assert codes(bytes(data)) == ["WORKBOOK_ENCRYPTED"]


@pytest.mark.parametrize(
    "limits",
    [Limits(bytes=1000), Limits(entries=3), Limits(unpacked=10_000), Limits(ratio=2, ratio_from=0)],
    ids=["bytes", "entries", "unpacked", "ratio"],
)
def test_each_limit_holds(limits: Limits) -> None:
    assert [finding.code for finding in check_workbook(template(), limits)] == ["WORKBOOK_TOO_LARGE"]


def test_a_part_that_is_longer_than_its_list_says_is_not_believed() -> None:
    # The directory says that a sheet has 10 bytes: zipfile then reads no more than that, and the sheet is damaged, not large.
    data = bytearray(template())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        name = archive.getinfo("xl/worksheets/sheet2.xml").filename.encode()
    at = data.rindex(name) - 46 + 24
    data[at : at + 4] = struct.pack("<I", 10)
    _, findings = read_sheets(bytes(data))
    assert [finding.code for finding in findings] == ["WORKBOOK_DAMAGED"]


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (b'<row r="9999999999"><c r="A1"><v>1</v></c></row>' * 2, "WORKBOOK_DAMAGED"),
        (b'<row r="2"/><row r="1"/>', "WORKBOOK_DAMAGED"),
        (b'<row r="1"><c r="XFD1"><v>1</v></c></row>', "WORKBOOK_DIMENSIONS"),
        (b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 40_000 + b"</t></is></c></row>", "WORKBOOK_DIMENSIONS"),
        (b"".join(b'<row r="%d"><c><v>1</v></c></row>' % row for row in range(1, 50_100)), "WORKBOOK_DIMENSIONS"),
    ],
    ids=["row number", "row order", "column", "text", "rows"],
)
def test_absurd_dimensions_are_refused(rows: bytes, code: str) -> None:
    _, findings = read_sheets(changed({"xl/worksheets/sheet2.xml": SHEET % rows}))
    assert [finding.code for finding in findings] == [code]


def test_a_million_empty_rows_are_no_matter() -> None:
    sheets, findings = read_sheets(
        changed({"xl/worksheets/sheet2.xml": SHEET % b'<row r="1048576" hidden="1"><c r="XFD1048576" s="1"/></row>'})
    )
    assert findings == ()
    assert sheets["活动数据"].rows == ()


def test_many_large_merged_ranges_cost_no_time() -> None:
    sheet = part("xl/worksheets/sheet2.xml")
    ranges = b"".join(b'<mergeCell ref="A%d:S1048576"/>' % row for row in range(2, 30_000))
    whole = sheet.replace(b"</sheetData>", b"</sheetData><mergeCells>" + ranges + b"</mergeCells>")
    start = time.process_time()
    reading = read_workbook(changed({"xl/worksheets/sheet2.xml": whole}), BANK, RELEASE)
    assert reading.rows == 0
    assert time.process_time() - start < 5


BOMB = """
import resource, sys
from ledger.workbook.sheets import read_sheets

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
_, findings = read_sheets(open(sys.argv[1], "rb").read())
print(findings[0].code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("name", "block", "count"),
    [
        ("xl/worksheets/sheet2.xml", b" " * (1 << 20), 200),
        ("xl/sharedStrings.xml", b"<si><t>" + b"A" * 4096 + b"</t></si>", 50_000),
        ("xl/media/picture.png", b"\0" * (1 << 20), 200),
    ],
)
def test_a_bomb_costs_no_memory(tmp_path: Path, root: Path, name: str, block: bytes, count: int) -> None:
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(io.BytesIO(template())) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for other in source.namelist():
            if other != name:
                target.writestr(other, source.read(other))
        with target.open(name, "w") as stream:
            for _ in range(count):
                stream.write(block)
    assert file.stat().st_size < 16 << 20
    ran = subprocess.run([sys.executable, "-c", BOMB, str(file)], capture_output=True, text=True, cwd=root, timeout=60, check=True)
    code, grown = ran.stdout.split()
    assert code == "WORKBOOK_TOO_LARGE"
    assert int(grown) < 64 * 1024, f"{grown} KiB more"


def test_a_sheet_of_one_repeated_cell_is_stopped_at_the_limit_of_cells(tmp_path: Path) -> None:
    # Under every limit of the archive, and still more cells than anybody fills in.
    row = b"<row>" + b"<c><v>1</v></c>" * 250 + b"</row>"
    _, findings = read_sheets(changed({"xl/worksheets/sheet2.xml": SHEET % (row * 2100)}))
    assert [finding.code for finding in findings] == ["WORKBOOK_TOO_LARGE"]


def mutations() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    def flip(at: int, value: int) -> Callable[[bytes], bytes]:
        return lambda data: data[: at % len(data)] + bytes([value]) + data[at % len(data) + 1 :]

    def cut(at: int) -> Callable[[bytes], bytes]:
        return lambda data: data[: at % len(data)]

    return st.one_of(st.builds(flip, st.integers(0, 1 << 20), st.integers(0, 255)), st.builds(cut, st.integers(0, 1 << 20)))


WHOLE = template()


@settings(max_examples=60, deadline=None)
@given(st.lists(mutations(), min_size=1, max_size=4))
def test_a_damaged_workbook_gives_findings_and_never_an_exception(changes: list[Callable[[bytes], bytes]]) -> None:
    data = WHOLE
    for change in changes:
        data = change(data) or b"x"
    reading = read_workbook(data, BANK, RELEASE)
    assert (reading.activity_document is None) == any(finding.severity == "error" for finding in reading.findings)
