"""Exposure records: what a leaf inside a group commits to, for a whole book at once, and how one is read again (spec: loan-book §5).

Records stand in the order of their exposures' pseudonyms, so the order of a file's rows leaves no trace. Rows that were excluded have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.columns import encode
from ledger.accounting.financed.denominators import NAMES
from ledger.accounting.financed.division import Bool, Int64
from ledger.errors import InputError, MalformedDocument
from ledger.loans.book import Book
from ledger.loans.exposure import ASSET_CLASSES, HIGH_CARBON, OPTIONS
from ledger.loans.pseudonyms import PseudonymKey
from ledger.records import canonical
from ledger.records.fields import MAX_TEXT, Fields, raise_first
from ledger.records.findings import Finding

SCHEMA = "lingtan.exposure/1"
WORST_SCORE = 5
_FIELDS = (
    *("schema", "exposure", "borrower", "asset_class", "branch", "sector", "high_carbon", "option", "numerator_cents", "denominator_cents"),
    *("denominator", "emissions", "attributed", "score_s12", "score_s3", "exposure_cents"),
)
_SCOPES = ("s1_g", "s2_g", "s12_g", "s3_g")
_LEDGERS = ("removals_g", "avoided_g", "credits_retired_g", "credits_generated_g")
_DENOMINATORS = NAMES[1:]
_LABELS = ("asset_class", "branch", "sector", "high_carbon", "option")
_PSEUDONYM_DIGITS = 32

# Keys in the order of RFC 8785; every {} is a JSON value.
_FORM = (
    '{"asset_class":{asset_class},"attributed":{"avoided_g":{avoided},"credits_generated_g":{credits_generated},'
    '"credits_retired_g":{credits_retired},"removals_g":{removals},"s12_g":{s12},"s1_g":{s1},"s2_g":{s2},"s3_g":{s3}},'
    '"borrower":{borrower},"branch":{branch},"denominator":{denominator_name},"denominator_cents":{denominator},'
    '"emissions":{"s12_g":{e_s12},"s1_g":{e_s1},"s2_g":{e_s2},"s3_g":{e_s3}},"exposure":{exposure},"exposure_cents":{exposure_cents},'
    '"high_carbon":{high_carbon},"numerator_cents":{numerator},"option":{option},"schema":"lingtan.exposure/1",'
    '"score_s12":{score_s12},"score_s3":{score_s3},"sector":{sector}}'
)


@dataclass(frozen=True)
class BookRecords:
    """The records of a book's calculated rows, in the order of their exposures' pseudonyms; `rows` are their row numbers."""

    rows: NDArray[np.intp]
    exposures: pl.Series = field(repr=False)
    borrowers: pl.Series = field(repr=False)
    _labels: dict[str, tuple[NDArray[np.intp], pl.Series]] = field(repr=False)
    _attribution: BookAttribution = field(repr=False)

    @classmethod
    def of(cls, book: Book, attribution: BookAttribution, key: PseudonymKey) -> BookRecords:
        """Return the records of a book and what was computed for it.

        Raises:
            InputError: an exposure stands twice; a branch or sector that no record can hold. Reading a file finds the first, with its row.
        """
        calculated = np.flatnonzero(attribution.calculated)
        names = key.exposures(book.series("exposure").gather(calculated))
        order = names.arg_sort().to_numpy()
        rows, exposures = calculated[order], names.gather(order)
        twice = (exposures == exposures.shift(1)).fill_null(False).arg_max() if len(exposures) else None
        if twice and exposures[twice] == exposures[twice - 1]:
            raise InputError(f"the exposure of row {rows[twice] + 1} stands twice in the book", hint="give every exposure an id of its own")
        labels = {}
        for name in _LABELS:
            codes, texts = encode(book.series(name))
            _check_labels(name, texts)
            labels[name] = (codes, pl.Series([_json(text or None) for text in texts], dtype=pl.String))
        return cls(rows, exposures, key.borrowers(book.series("borrower").gather(rows)), labels, attribution)

    @property
    def n(self) -> int:
        """Return how many records there are."""
        return len(self.rows)

    def measures(self) -> tuple[Int64, Int64, Int64, Int64]:
        """Return exposure in cents, attributed S1+2 and S3 in grams (0 where unknown), and the score of S1+2, in order."""
        of = self._attribution
        return of.exposure[self.rows], of.s12[self.rows], of.s3[self.rows], of.score_s12[self.rows].astype(np.int64)

    def records(self, first: int, last: int) -> list[bytes]:
        """Return the canonical bytes of the records from `first` to before `last`."""
        rows, of = self.rows[first:last], self._attribution
        names = pl.Series([_json(name or None) for name in NAMES], dtype=pl.String)
        columns = {name: texts.gather(codes[rows]) for name, (codes, texts) in self._labels.items()}
        columns |= {"denominator_name": names.gather(of.denominator_name[rows])}
        columns |= {name: _quoted(texts[first:last]) for name, texts in (("exposure", self.exposures), ("borrower", self.borrowers))}
        known: tuple[tuple[str, Int64, Bool | None], ...] = (
            *(("s1", of.s1, of.has_s1), ("s2", of.s2, of.has_s2), ("s12", of.s12, None), ("s3", of.s3, of.has_s3)),
            *(("e_s1", of.e_s1, of.has_s1), ("e_s2", of.e_s2, of.has_s2), ("e_s12", of.e_s12, of.has_s12), ("e_s3", of.e_s3, of.has_s3)),
            *(("removals", of.removals, None), ("avoided", of.avoided, None)),
            *(("credits_retired", of.credits_retired, None), ("credits_generated", of.credits_generated, None)),
            *(
                ("numerator", of.numerator, None),
                ("denominator", of.denominator, of.denominator > 0),
                ("exposure_cents", of.exposure, None),
            ),
        )
        for name, values, has in known:
            quoted = _quoted(pl.Series(values[rows]).cast(pl.String))
            columns[name] = quoted if has is None else _null_but(quoted, has[rows])
        columns["score_s12"] = pl.Series(of.score_s12[rows]).cast(pl.String)
        columns["score_s3"] = _null_but(pl.Series(of.score_s3[rows]).cast(pl.String), of.score_s3[rows] > 0)
        made = pl.DataFrame(columns).select(pl.concat_str(_parts()).cast(pl.Binary))
        return made.to_series().to_list()


@dataclass(frozen=True)
class ExposureRecord:
    """One record as read: what groups, openings and the vault need of it."""

    exposure: str
    borrower: str
    exposure_cents: int
    s12_g: int
    s3_g: int | None
    score_s12: int

    @property
    def measures(self) -> tuple[int, int, int, int]:
        """Return what it adds to its group's leaf."""
        return self.exposure_cents, self.s12_g, self.s3_g or 0, self.exposure_cents * self.score_s12


def read_record(data: bytes) -> ExposureRecord:
    """Return the record of its canonical bytes.

    Raises:
        MalformedDocument: other bytes, with the place of the first that is wrong.
    """
    findings: list[Finding] = []
    fields = Fields(canonical.load_canonical(data), "", findings, _FIELDS)
    fields.schema(SCHEMA)
    fields.choice("asset_class", ASSET_CLASSES)
    fields.text("branch")
    fields.text("sector")
    fields.optional("high_carbon", lambda name: fields.choice(name, HIGH_CARBON))
    fields.choice("option", OPTIONS)
    fields.integer_text("numerator_cents")
    if (fields.optional("denominator_cents", fields.integer_text) is None) != (
        fields.optional("denominator", lambda name: fields.choice(name, _DENOMINATORS)) is None
    ):
        fields.refuse("FIELD_INVALID", "/denominator", "give denominator and denominator_cents, or neither")
    emissions = fields.nested("emissions", _SCOPES)
    for name in _SCOPES:
        emissions.optional(name, emissions.integer_text)
    attributed = fields.nested("attributed", (*_SCOPES, *_LEDGERS))
    for name in ("s1_g", "s2_g"):
        attributed.optional(name, attributed.integer_text)
    for name in _LEDGERS:
        attributed.integer_text(name)
    fields.optional("score_s3", lambda name: fields.integer(name, 1, WORST_SCORE))
    record = ExposureRecord(
        _pseudonym(fields, "exposure"),
        _pseudonym(fields, "borrower"),
        fields.integer_text("exposure_cents"),
        attributed.integer_text("s12_g"),
        attributed.optional("s3_g", attributed.integer_text),
        fields.integer("score_s12", 1, WORST_SCORE),
    )
    raise_first("exposure record", tuple(findings))
    return record


def _check_labels(column: str, texts: tuple[str, ...]) -> None:
    # What is committed to must be readable for ever: a record that its own reader refuses could never be opened.
    for text in texts:
        if len(text) > MAX_TEXT or not text.isprintable():
            raise InputError(
                f"{column} {text[:40]!r} cannot stand in a record", hint="write it with plain spaces, printable, in 500 characters"
            )


def _pseudonym(fields: Fields, name: str) -> str:
    text = fields.text(name)
    try:
        if len(text) == _PSEUDONYM_DIGITS and bytes.fromhex(text).hex() == text:
            return text
    except ValueError as error:
        raise MalformedDocument(f"the {name} of a record is no pseudonym", hint="expected 32 lower-case hex digits") from error
    raise MalformedDocument(f"the {name} of a record is no pseudonym", hint="expected 32 lower-case hex digits")


def _parts() -> list[pl.Expr]:
    parts: list[pl.Expr] = []
    rest = _FORM
    while rest:
        # A { before a letter starts a column's name; one before a quote is JSON's own.
        at = next((at for at in range(len(rest) - 1) if rest[at] == "{" and rest[at + 1].isalpha()), None)
        if at is None:
            parts.append(pl.lit(rest))
            break
        name, _, after = rest[at + 1 :].partition("}")
        parts += [pl.lit(rest[:at]), pl.col(name)]
        rest = after
    return parts


def _json(value: str | None) -> str:
    return canonical.dump(value).decode()


def _quoted(texts: pl.Series) -> pl.Series:
    return pl.Series('"', ['"'], dtype=pl.String).new_from_index(0, len(texts)) + texts + '"'


def _null_but(texts: pl.Series, known: NDArray[np.bool_]) -> pl.Series:
    return texts.zip_with(pl.Series(known), pl.Series(["null"], dtype=pl.String).new_from_index(0, len(texts)))
