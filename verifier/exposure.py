"""Read exposure records strictly and at the pace of a million (loan-book.md §5).

A record's canonical bytes have one order of fields, so a single pattern reads the usual record; what it does not match is read the
slow way, by the strict loader, which either accepts it or names the field. The two give the same record (tests).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verifier import json_strict
from verifier.errors import Malformed
from verifier.financed_shapes import CLASSES, EXPOSURE, HIGH_CARBON, MAX_LINE, OPTIONS
from verifier.package import PartStream

_INT = rb"(0|[1-9][0-9]{0,27})"  # below 2^96; longer ones go the slow way
_MAYBE = rb'(?:null|"(0|[1-9][0-9]{0,27})")'

_LABEL = rb'([^"\\,\x00-\x1f]{1,4000})'  # text that JSON writes as it is; at most 1,000 characters


def _one_of(words: tuple[str, ...]) -> bytes:
    return b"(" + "|".join(sorted(words, key=len, reverse=True)).encode() + b")"


_PATTERN = re.compile(
    rb'\{"asset_class":"' + _one_of(CLASSES) + rb'","attributed":\{"avoided_g":"' + _INT + rb'","credits_generated_g":"' + _INT
    + rb'","credits_retired_g":"' + _INT + rb'","removals_g":"' + _INT + rb'","s12_g":"' + _INT + rb'","s1_g":' + _MAYBE
    + rb',"s2_g":' + _MAYBE + rb',"s3_g":' + _MAYBE + rb'\},"borrower":"([0-9a-f]{32})","branch":"' + _LABEL + rb'"'
    rb',"denominator":(?:null|"([a-z_+]{1,60})"),"denominator_cents":' + _MAYBE + rb',"emissions":\{"s12_g":' + _MAYBE + rb',"s1_g":'
    + _MAYBE + rb',"s2_g":' + _MAYBE + rb',"s3_g":' + _MAYBE + rb'\},"exposure":"([0-9a-f]{32})","exposure_cents":"' + _INT
    + rb'","high_carbon":(?:null|"' + _one_of(HIGH_CARBON) + rb'"),"numerator_cents":"' + _INT + rb'","option":"' + _one_of(OPTIONS)
    + rb'","schema":"lingtan\.exposure/1","score_s12":([1-5]),"score_s3":(?:null|([1-5])),"sector":"' + _LABEL + rb'"\}'
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exposure:
    """Hold one record; None is unknown. Money in cents, emissions in grams."""

    exposure: bytes
    asset_class: str
    branch: str
    sector: str
    high_carbon: str | None
    option: str
    numerator: int
    denominator: int | None
    denominator_name: str | None
    e_s1: int | None
    e_s2: int | None
    e_s12: int | None
    e_s3: int | None
    s1: int | None
    s2: int | None
    s12: int
    s3: int | None
    removals: int
    avoided: int
    credits_retired: int
    credits_generated: int
    score_s12: int
    score_s3: int | None
    exposure_cents: int


def _maybe(text: bytes | None) -> int | None:
    return None if text is None else int(text)


def read_exposure(data: bytes, place: str) -> Exposure:
    """Return the record in `data`.

    Raises:
        Malformed: not canonical, or a field is unknown, missing or of another form; `place` precedes the pointer.
    """
    match = _PATTERN.fullmatch(data)
    if match is None:
        return _read_slowly(data, place)
    part = match.groups()
    try:
        branch, sector = part[10].decode(), part[24].decode()
    except UnicodeDecodeError:
        return _read_slowly(data, place)
    if len(branch) > 1000 or len(sector) > 1000:
        return _read_slowly(data, place)
    return Exposure(
        exposure=bytes.fromhex(part[17].decode()),
        asset_class=part[0].decode(),
        branch=branch,
        sector=sector,
        high_carbon=None if part[19] is None else part[19].decode(),
        option=part[21].decode(),
        numerator=int(part[20]),
        denominator=_maybe(part[12]),
        denominator_name=None if part[11] is None else part[11].decode(),
        e_s1=_maybe(part[14]),
        e_s2=_maybe(part[15]),
        e_s12=_maybe(part[13]),
        e_s3=_maybe(part[16]),
        s1=_maybe(part[6]),
        s2=_maybe(part[7]),
        s12=int(part[5]),
        s3=_maybe(part[8]),
        removals=int(part[4]),
        avoided=int(part[1]),
        credits_retired=int(part[3]),
        credits_generated=int(part[2]),
        score_s12=int(part[22]),
        score_s3=_maybe(part[23]),
        exposure_cents=int(part[18]),
    )


def _read_slowly(data: bytes, place: str) -> Exposure:
    try:
        value = json_strict.load_canonical(data, nesting=4)
        EXPOSURE(value, "")
    except Malformed as error:
        raise Malformed(error.code, f"{place} {error.place}".strip(), error.detail, **error.facts) from None

    def amount(holder: Any, name: str) -> Any:
        return None if holder[name] is None else int(holder[name])

    emissions, attributed = value["emissions"], value["attributed"]
    return Exposure(
        exposure=bytes.fromhex(value["exposure"]),
        asset_class=value["asset_class"],
        branch=value["branch"],
        sector=value["sector"],
        high_carbon=value["high_carbon"],
        option=value["option"],
        numerator=amount(value, "numerator_cents"),
        denominator=amount(value, "denominator_cents"),
        denominator_name=value["denominator"],
        e_s1=amount(emissions, "s1_g"),
        e_s2=amount(emissions, "s2_g"),
        e_s12=amount(emissions, "s12_g"),
        e_s3=amount(emissions, "s3_g"),
        s1=amount(attributed, "s1_g"),
        s2=amount(attributed, "s2_g"),
        s12=amount(attributed, "s12_g"),
        s3=amount(attributed, "s3_g"),
        removals=amount(attributed, "removals_g"),
        avoided=amount(attributed, "avoided_g"),
        credits_retired=amount(attributed, "credits_retired_g"),
        credits_generated=amount(attributed, "credits_generated_g"),
        score_s12=value["score_s12"],
        score_s3=value["score_s3"],
        exposure_cents=amount(value, "exposure_cents"),
    )


def lines_of(stream: PartStream) -> Iterator[bytes]:
    """Yield the lines of a part without their LF, one at a time.

    Raises:
        Malformed: a line of more than 64 KiB, an empty line, or a last line that LF does not end.
    """
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise Malformed("LINE_SIZE", f"{stream.path} line {number}", f"more than {MAX_LINE} bytes")
        if not line.endswith(b"\n") or len(line) == 1:
            raise Malformed("LINE_END", f"{stream.path} line {number}", "one canonical document and LF expected")
        yield line[:-1]
