"""A library release: units, GWP sets, indicators, factors, rules and templates, immutable and named by its hash (spec: documents §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.errors import NotFound, UnitError
from ledger.indicators.disclosure import TargetProfile, Template
from ledger.indicators.factor import Factor, GwpSet
from ledger.indicators.measure import Indicator, Selection, UnitOfMeasure
from ledger.indicators.publication import Policies, PublishedDocument
from ledger.records import canonical

SCHEMA = "lingtan.library/1"


@dataclass(frozen=True)
class Release:
    """A release. Two releases are the same exactly when their hashes are; selections are tried in order."""

    release: str
    valid_from: date
    supersedes: str | None
    methods: tuple[str, ...]
    policies: Policies
    documents: tuple[PublishedDocument, ...]
    units: tuple[UnitOfMeasure, ...]
    gwp_sets: tuple[GwpSet, ...]
    indicators: tuple[Indicator, ...]
    factors: tuple[Factor, ...]
    selections: tuple[Selection, ...]
    templates: tuple[Template, ...]
    target_profiles: tuple[TargetProfile, ...]

    @cached_property
    def _units(self) -> dict[str, UnitOfMeasure]:
        return {text: unit for unit in self.units for text in (unit.code, *unit.aliases)}

    @cached_property
    def _factors(self) -> dict[str, Factor]:
        return {factor.id: factor for factor in self.factors}

    @cached_property
    def _documents(self) -> dict[str, PublishedDocument]:
        return {document.id: document for document in self.documents}

    @cached_property
    def _indicators(self) -> dict[str, Indicator]:
        return {indicator.id: indicator for indicator in self.indicators}

    def find_unit(self, code: str) -> UnitOfMeasure | None:
        """Return the unit with this code or alias, or None."""
        return self._units.get(code)

    def unit(self, code: str) -> UnitOfMeasure:
        """Return the unit with this code or alias.

        Raises:
            UnitError: the release has none.
        """
        unit = self._units.get(code)
        if unit is None:
            raise UnitError(f"unknown unit {code[:40]!r}", hint=f"use one of {', '.join(unit.code for unit in self.units)}", unit=code)
        return unit

    def find_indicator(self, id: str) -> Indicator | None:
        """Return the indicator, or None."""
        return self._indicators.get(id)

    def indicator(self, id: str) -> Indicator:
        """Return the indicator.

        Raises:
            NotFound: the release has none.
        """
        indicator = self._indicators.get(id)
        if indicator is None:
            raise NotFound(f"the release {self.release} has no indicator {id[:64]!r}", indicator=id)
        return indicator

    def find_factor(self, id: str) -> Factor | None:
        """Return the factor, or None."""
        return self._factors.get(id)

    def factor(self, id: str) -> Factor:
        """Return the factor.

        Raises:
            NotFound: the release has none.
        """
        factor = self._factors.get(id)
        if factor is None:
            raise NotFound(f"the release {self.release} has no factor {id[:64]!r}", factor=id)
        return factor

    def find_document(self, id: str) -> PublishedDocument | None:
        """Return the publication, or None."""
        return self._documents.get(id)

    def document(self, id: str) -> PublishedDocument:
        """Return the publication.

        Raises:
            NotFound: the release names none with this id.
        """
        document = self._documents.get(id)
        if document is None:
            raise NotFound(f"the release {self.release} has no document {id[:64]!r}", document=id)
        return document

    def gwp_set(self, id: str) -> GwpSet:
        """Return the GWP set.

        Raises:
            NotFound: the release has none.
        """
        for gwp in self.gwp_sets:
            if gwp.id == id:
                return gwp
        raise NotFound(f"the release {self.release} has no GWP set {id[:40]!r}", hint=", ".join(gwp.id for gwp in self.gwp_sets), gwp=id)

    def find_selected(self, indicator: str, region: str, year: int, use: str = "location") -> Factor | None:
        """Return the factor of the first rule that matches, or None; `year` is the local year in which the period starts."""
        for selection in self.selections:
            if selection.matches(indicator, region, year, use):
                return self._factors.get(selection.factor)
        return None

    def select(self, indicator: str, region: str, year: int, use: str = "location") -> Factor:
        """Return the factor of the first rule that matches.

        Raises:
            NotFound: no rule does.
        """
        factor = self.find_selected(indicator, region, year, use)
        if factor is None:
            raise NotFound(
                f"the release {self.release} selects no factor for {indicator[:64]} ({use}) in {region[:64]} {year}",
                hint="name the factor in the activity's factor choices",
                indicator=indicator,
            )
        return factor

    def template(self, id: str) -> Template:
        """Return the disclosure table.

        Raises:
            NotFound: the release has none with this id.
        """
        for template in self.templates:
            if template.id == id:
                return template
        known = ", ".join(template.id for template in self.templates)
        raise NotFound(f"the release {self.release} has no template {id[:64]!r}", hint=known, template=id)

    def target_profile(self, id: str) -> TargetProfile:
        """Return the target profile.

        Raises:
            NotFound: the release has none with this id.
        """
        for profile in self.target_profiles:
            if profile.id == id:
                return profile
        known = ", ".join(profile.id for profile in self.target_profiles)
        raise NotFound(f"the release {self.release} has no target profile {id[:64]!r}", hint=known, profile=id)

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical document: the release's name on chain."""
        return canonical.digest(self.to_document())

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.library/1` document, its lists sorted."""
        return {
            "schema": SCHEMA,
            "release": self.release,
            "valid_from": self.valid_from.isoformat(),
            "supersedes": self.supersedes,
            "methods": list(self.methods),
            "policies": self.policies.to_document(),
            "documents": [document.to_document() for document in sorted(self.documents, key=lambda document: document.id)],
            "units": [unit.to_document() for unit in sorted(self.units, key=lambda unit: unit.code.encode())],
            "gwp_sets": [gwp.to_document() for gwp in sorted(self.gwp_sets, key=lambda gwp: gwp.id)],
            "indicators": [indicator.to_document() for indicator in sorted(self.indicators, key=lambda indicator: indicator.id)],
            "factors": [factor.to_document() for factor in sorted(self.factors, key=lambda factor: factor.id)],
            "selections": [selection.to_document() for selection in self.selections],
            "templates": [template.to_document() for template in sorted(self.templates, key=lambda template: template.id)],
            "target_profiles": [profile.to_document() for profile in sorted(self.target_profiles, key=lambda profile: profile.id)],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document."""
        return canonical.dump(self.to_document())
