"""Compare two releases: items added, removed and changed field by field, and selections that now take another factor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from ledger.indicators.measure import Selection
from ledger.indicators.release import Release
from ledger.records import canonical

SCHEMA = "lingtan.library_diff/1"
HEAD = ("release", "valid_from", "supersedes", "methods", "policies")
KINDS = ("documents", "units", "gwp_sets", "indicators", "factors", "templates", "target_profiles")
EVERY_OTHER = "*"

Flat = dict[str, "object"]
Rules = Mapping[tuple[str, str], tuple[Selection, ...]]


@dataclass(frozen=True)
class FieldChange:
    """A field, as `fuel/ncv_mj` or `rows/total/unit`, with its JSON value before and after (None where it is null or absent)."""

    field: str
    before: object
    after: object

    def to_document(self) -> dict[str, object]:
        """Return `{field, before?, after?}`."""
        return {"field": self.field, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class ItemChange:
    """An item that both releases have, with its fields that differ."""

    id: str
    fields: tuple[FieldChange, ...]

    def to_document(self) -> dict[str, object]:
        """Return `{id, fields}`."""
        return {"id": self.id, "fields": [change.to_document() for change in self.fields]}


@dataclass(frozen=True)
class KindDiff:
    """What became of the items of one kind (`factors`, `indicators`, …), each list by id."""

    kind: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ItemChange, ...]

    def to_document(self) -> dict[str, object]:
        """Return `{kind, added, removed, changed}`."""
        changed = [item.to_document() for item in self.changed]
        return {"kind": self.kind, "added": list(self.added), "removed": list(self.removed), "changed": changed}


@dataclass(frozen=True)
class SelectionChange:
    """Cases in which the rules now choose another factor (ids; None for none).

    `regions` and `years` are all those in which they do, of the ones that rules of either release name; `*` and None stand for every
    region and year that none of them names.
    """

    indicator: str
    use: str
    before: str | None
    after: str | None
    regions: tuple[str, ...]
    years: tuple[int | None, ...]

    def to_document(self) -> dict[str, object]:
        """Return `{indicator, use, before?, after?, regions, years}`."""
        about = {"indicator": self.indicator, "use": self.use, "before": self.before, "after": self.after}
        return {**about, "regions": list(self.regions), "years": list(self.years)}


@dataclass(frozen=True)
class ReleaseDiff:
    """What a release changes against another one; kinds without a difference are left out."""

    before: str
    before_hash: str
    after: str
    after_hash: str
    head: tuple[FieldChange, ...]
    kinds: tuple[KindDiff, ...]
    selections: tuple[SelectionChange, ...]

    def kind(self, name: str) -> KindDiff:
        """Return what became of the items of a kind, also where nothing did."""
        for kind in self.kinds:
            if kind.kind == name:
                return kind
        return KindDiff(name, (), (), ())

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.library_diff/1` document."""
        return {
            "schema": SCHEMA,
            "before": {"release": self.before, "hash": self.before_hash},
            "after": {"release": self.after, "hash": self.after_hash},
            "head": [change.to_document() for change in self.head],
            "kinds": [kind.to_document() for kind in self.kinds],
            "selections": [change.to_document() for change in self.selections],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document."""
        return canonical.dump(self.to_document())

    def lines(self) -> Iterator[str]:
        """Yield the differences for people, one a line."""
        yield f"{self.before} -> {self.after}"
        yield from (f"  {_change_line(change)}" for change in self.head)
        for kind in self.kinds:
            yield kind.kind
            yield from (f"  + {id}" for id in kind.added)
            yield from (f"  - {id}" for id in kind.removed)
            yield from (f"  ~ {item.id}: {_change_line(change)}" for item in kind.changed for change in item.fields)
        if self.selections:
            yield "selections"
        for selection in self.selections:
            years = ", ".join("other years" if year is None else str(year) for year in selection.years)
            regions = ", ".join("other regions" if region == EVERY_OTHER else region for region in selection.regions)
            case = f"{selection.indicator} ({selection.use})"
            yield f"  ~ {case}: {selection.before or 'none'} -> {selection.after or 'none'} in {years}; {regions}"


def compare(before: Release, after: Release) -> ReleaseDiff:
    """Return what `after` changes against `before`; empty in head, kinds and selections exactly where both take every case alike."""
    old, new = before.to_document(), after.to_document()
    head = _changes(_flatten({name: old[name] for name in HEAD}), _flatten({name: new[name] for name in HEAD}))
    kinds = (_compare_kind(kind, _items(old[kind]), _items(new[kind])) for kind in KINDS)
    return ReleaseDiff(
        before.release,
        before.hash,
        after.release,
        after.hash,
        head,
        tuple(kind for kind in kinds if kind.added or kind.removed or kind.changed),
        tuple(_compare_selections(before, after)),
    )


def _compare_kind(kind: str, old: Mapping[str, Flat], new: Mapping[str, Flat]) -> KindDiff:
    both = ((id, _changes(old[id], new[id])) for id in sorted(old.keys() & new.keys(), key=str.encode))
    changed = tuple(ItemChange(id, changes) for id, changes in both if changes)
    return KindDiff(kind, _sorted(new.keys() - old.keys()), _sorted(old.keys() - new.keys()), changed)


def _compare_selections(before: Release, after: Release) -> Iterator[SelectionChange]:
    old, new = _by_case(before.selections), _by_case(after.selections)
    for indicator, use in sorted(old.keys() | new.keys()):
        rules = (*old.get((indicator, use), ()), *new.get((indicator, use), ()))
        regions = _sorted({rule.region for rule in rules} | {EVERY_OTHER})
        years = (*sorted({rule.year for rule in rules if rule.year is not None}), None)
        # Per year the regions that change alike, then the years that do so in the same regions: few lines, and each of them exact.
        alike: dict[tuple[str | None, str | None, tuple[str, ...]], list[int | None]] = {}
        for year in years:
            moved: dict[tuple[str | None, str | None], list[str]] = {}
            for region in regions:
                pair = tuple(_chosen(side.get((indicator, use), ()), region, year) for side in (old, new))
                if pair[0] != pair[1]:
                    moved.setdefault((pair[0], pair[1]), []).append(region)
            for (was, now), where in moved.items():
                alike.setdefault((was, now, tuple(where)), []).append(year)
        for (was, now, where_all), when in alike.items():
            yield SelectionChange(indicator, use, was, now, where_all, tuple(when))


def _by_case(selections: Iterable[Selection]) -> Rules:
    found: dict[tuple[str, str], list[Selection]] = {}
    for rule in selections:
        found.setdefault((rule.indicator, rule.use), []).append(rule)
    return {case: tuple(rules) for case, rules in found.items()}


def _chosen(rules: Iterable[Selection], region: str, year: int | None) -> str | None:
    for rule in rules:
        if rule.matches(rule.indicator, region, year, rule.use):
            return rule.factor
    return None


def _items(value: object) -> dict[str, Flat]:
    items = cast("list[dict[str, object]]", value)
    return {str(item.get("id", item.get("code"))): _flatten(item) for item in items}


def _changes(old: Flat, new: Flat) -> tuple[FieldChange, ...]:
    names = [*old, *(name for name in new if name not in old)]
    return tuple(FieldChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def _flatten(item: Mapping[str, object], path: str = "") -> Flat:
    flat: Flat = {}
    for name, value in item.items():
        field = f"{path}{name}"
        if isinstance(value, dict):
            flat |= _flatten(value, f"{field}/")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            # Rows of a template have an id, shares of a blend a gas; their order is a value of its own.
            keyed = {str(part.get("id", part.get("gas"))): part for part in value}
            flat |= {field: list(keyed)} | _flatten(keyed, f"{field}/")
        else:
            flat[field] = value
    return flat


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=str.encode))


def _change_line(change: FieldChange) -> str:
    return f"{change.field}: {_text(change.before)} -> {_text(change.after)}"


def _text(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
