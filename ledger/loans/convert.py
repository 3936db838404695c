"""Whole columns of a loan book at once: text or typed values → exact integers and codes; what is not plainly right goes to cell.py."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from ledger.loans.book import constant, dtype_of
from ledger.loans.cell import FLAGS, WITHOUT_COMMAS, Value, read_cell
from ledger.loans.columns import MAX_TEXT, Column
from ledger.loans.faults import LISTED_PER_CODE, Refused

_WIDE = pl.Int128()
_HIDDEN = r"[\p{C}\p{Zl}\p{Zp}]|^\s|\s$"
_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
# What a spreadsheet or a data frame keeps of a decimal that went through a 64-bit binary number.
SAFE_DIGITS = 15
_ASKED_AT_ONCE = 50_000
_SIGNIFICANT = r"^-?0*\.?0*"


@dataclass(frozen=True)
class Converted:
    """A column of a chunk as it is kept, which cells were given at all, and the refused ones by index (their value is unknown)."""

    series: pl.Series
    given: pl.Series
    refused: tuple[tuple[int, Refused], ...] = field(default=())


def convert_text(column: Column, texts: pl.Series) -> Converted:
    """Return a column of texts (null or blank where nothing stands) as its values."""
    if not column.needed and texts.null_count() == len(texts):
        return Converted(constant(column, len(texts)), texts.is_not_null())
    fast, good = _fast(column, texts)
    if not good.all():
        stripped = texts.str.strip_chars()
        fast, good = _fast(column, stripped)
        texts = stripped
    given = texts.is_not_null() & (texts.str.len_bytes() > 0).fill_null(False)
    return _ask(column, texts, fast, good, given)


def convert_typed(column: Column, values: pl.Series) -> Converted | None:
    """Return a column of typed values, as Parquet has them, as its values; None where the type is none of this column.

    Integers and decimals are exact. A 64-bit float stands for its shortest decimal, and only with at most 15 significant digits.
    """
    kind = values.dtype
    if kind == pl.String:
        return convert_text(column, values)
    if kind == pl.Null or kind == pl.Categorical or kind == pl.Enum:
        return convert_text(column, values.cast(pl.String))
    if kind == pl.Boolean:
        return _flags(column, values) if column.kind == "flag" else None
    if kind.is_integer() and column.kind in ("identifier", "text", "label"):
        return convert_text(column, values.cast(pl.String))
    if not column.is_integer or not kind.is_numeric():
        return None
    if kind.is_float():
        return _floats(column, values)
    return _exact(column, values)


def _flags(column: Column, values: pl.Series) -> Converted:
    default = column.default is True
    return Converted(values.fill_null(default).alias(column.name), values.is_not_null())


def _exact(column: Column, values: pl.Series) -> Converted:
    """Return integers or decimals as units; what is negative, too fine or too large is read again from its text."""
    kind = values.dtype
    scale = kind.scale if isinstance(kind, pl.Decimal) else 0
    units = (values.to_physical() if isinstance(kind, pl.Decimal) else values).cast(_WIDE).alias("units")
    frame = pl.DataFrame([units])
    limit = pl.lit(column.limit, dtype=_WIDE)
    if scale > column.decimals:
        power = pl.lit(10 ** (scale - column.decimals), dtype=_WIDE)
        made = pl.col("units") // power
        fits = (made * power == pl.col("units")) & made.abs().le(limit)
    else:
        power = pl.lit(10 ** (column.decimals - scale), dtype=_WIDE)
        within = pl.when(pl.col("units").abs().le(limit)).then(pl.col("units"))
        made = within * power
        fits = pl.col("units").is_null() | (within.is_not_null() & made.abs().le(limit))
    found = frame.select(made.alias("made"), fits.fill_null(True).alias("fits"))
    good = found["fits"]
    if not column.may_be_negative:
        good = good & found["made"].ge(0).fill_null(True)
    fast = found["made"].set(~good, None).cast(pl.Int64).alias(column.name)
    texts = values if good.all() else values.cast(pl.String)
    return _ask(column, texts, fast, good, values.is_not_null())


def _floats(column: Column, values: pl.Series) -> Converted:
    texts = values.cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")
    digits = texts.str.replace(_SIGNIFICANT, "").str.replace(".", "", literal=True).str.len_bytes()
    converted = convert_text(column, texts)
    lost = ((digits > SAFE_DIGITS) & converted.series.is_not_null()).fill_null(False)
    if not lost.any():
        return converted
    action = "write the column as decimal(38, 2), or as text: a float keeps 15 digits only"
    refused = [
        (int(at), Refused("VALUE_DIGITS", action, str(texts[int(at)]), f"at most {SAFE_DIGITS} digits in a float column"))
        for at in lost.arg_true().to_list()
    ]
    both = sorted([*converted.refused, *refused], key=lambda item: item[0])
    return Converted(converted.series.set(lost, None), converted.given, tuple(both))


def _fast(column: Column, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return values, and where they are right; the value is unknown where they are not."""
    if column.is_integer:
        return _fast_integers(column, texts)
    if column.kind == "choice":
        values = texts.cast(pl.Enum(column.choices), strict=False)
        return values.alias(column.name), values.is_not_null()
    if column.kind == "flag":
        values = texts.replace_strict(dict(FLAGS), default=None, return_dtype=pl.Boolean)
        return values.alias(column.name), values.is_not_null()
    if column.kind == "identifier":
        good = texts.str.contains(_IDENTIFIER).fill_null(False)
    elif column.name == "currency":
        good = texts.str.contains(r"^[A-Z]{3}$").fill_null(False)
    else:
        good = ((texts.str.len_chars() <= MAX_TEXT) & (texts.str.len_bytes() > 0) & ~texts.str.contains(_HIDDEN)).fill_null(False)
        if column.name in WITHOUT_COMMAS:
            good = good & ~texts.str.contains(",", literal=True).fill_null(False)
    values = texts.set(~good, None) if not good.all() else texts
    return values.cast(dtype_of(column)).alias(column.name), good


def _fast_integers(column: Column, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    sign = "-?" if column.may_be_negative else ""
    decimals = rf"(\.[0-9]{{1,{column.decimals}}}0*)?" if column.decimals else r"(\.0+)?"
    # At most 18 digits before and 10 after the dot: far from the 38 that the cast keeps.
    good = texts.str.contains(rf"^{sign}(0|[1-9][0-9]{{0,17}}){decimals}$").fill_null(False)
    plain = texts.set(~good, None) if not good.all() else texts
    wide = plain.cast(pl.Decimal(38, column.decimals)).to_physical()
    frame = pl.DataFrame([wide.alias("units"), good.alias("good")])
    within = pl.col("units").abs().le(pl.lit(column.limit, dtype=_WIDE)).fill_null(False)
    found = frame.select(pl.when(within).then(pl.col("units")).cast(pl.Int64).alias(column.name), (pl.col("good") & within).alias("good"))
    return found[column.name], found["good"]


def _ask(column: Column, values: pl.Series, fast: pl.Series, good: pl.Series, given: pl.Series) -> Converted:
    """Complete what was read fast by cell.py: other spellings, empty cells, refusals."""
    if column.default is not None:
        fast = fast.fill_null(column.default) if fast.null_count() else fast
    wanted = ~good if column.needed else ~good & given
    if not wanted.any():
        return Converted(fast, given)
    at = wanted.arg_true()
    made: list[Value] = []
    refused: list[tuple[int, Refused]] = []
    for start in range(0, len(at), _ASKED_AT_ONCE):
        part = at.slice(start, _ASKED_AT_ONCE)
        texts = [text or "" for text in values.gather(part).cast(pl.String).to_list()]
        answers = {text: _answer(column, text) for text in set(texts)}
        for index, text in zip(part.to_list(), texts, strict=True):
            answer = answers[text]
            if isinstance(answer, Refused):
                refused.append((index, answer))
                answer = None
            made.append(answer)
        # What is counted and no longer listed need not be kept text by text.
        refused[LISTED_PER_CODE:] = _shared(refused[LISTED_PER_CODE:])
    series = fast.scatter(at, pl.Series(made, dtype=fast.dtype))
    return Converted(series, given, tuple(refused))


def _answer(column: Column, text: str) -> Value | Refused:
    try:
        return read_cell(column, text)
    except Refused as error:
        return error.with_traceback(None)


def _shared(refused: list[tuple[int, Refused]]) -> list[tuple[int, Refused]]:
    """Return refusals of which each code is one object after its first thousand."""
    counts: dict[str, int] = {}
    last: dict[str, Refused] = {}
    found = []
    for index, error in refused:
        counts[error.code] = counts.get(error.code, 0) + 1
        if counts[error.code] <= LISTED_PER_CODE:
            last[error.code] = error
        found.append((index, last[error.code]))
    return found
