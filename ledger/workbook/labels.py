"""The words that a drop-down shows for the codes of a document, in Chinese and English, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.records.names import Name

Labels = tuple[tuple[str, Name], ...]

SOURCE_KINDS: Labels = (
    ("invoice", Name("invoice", "发票账单")),
    ("register", Name("register reading", "抄表读数")),
    ("document", Name("other document", "其他凭证")),
    ("estimate", Name("estimate", "估算")),
    ("reported", Name("reported by others", "对方报告")),
    ("landlord", Name("landlord's bill for the building", "物业整栋账单")),
)
INSTRUMENT_KINDS: Labels = (
    ("green_certificate", Name("green certificate", "绿色电力证书")),
    ("supplier_contract", Name("supplier contract", "绿电供应合同")),
)
TOTAL_MEASURES: Labels = (
    ("scope1_g", Name("Scope 1", "范围一")),
    ("scope2_location_g", Name("Scope 2, location-based", "范围二（基于位置）")),
    ("scope2_market_g", Name("Scope 2, market-based", "范围二（基于市场）")),
    ("scope3_g", Name("Scope 3, operations", "范围三（运营）")),
    ("scope1_scope2_location_g", Name("Scopes 1 and 2, location-based", "范围一与二（基于位置）")),
    ("scope1_scope2_market_g", Name("Scopes 1 and 2, market-based", "范围一与二（基于市场）")),
    ("all_location_g", Name("Scopes 1 to 3, location-based", "范围一至三（基于位置）")),
    ("all_market_g", Name("Scopes 1 to 3, market-based", "范围一至三（基于市场）")),
)
FACTOR_USES: Labels = (("location", Name("location-based", "基于位置")), ("market", Name("market-based", "基于市场")))
DENOMINATORS: Labels = (
    ("income_cny", Name("income, yuan", "营业收入（元）")),
    ("headcount", Name("staff", "员工人数")),
    ("area_m2", Name("area, m²", "建筑面积（m²）")),
)
UNIT_KINDS: Labels = (
    ("institution", Name("institution", "法人机构")),
    ("branch", Name("branch", "分行")),
    ("sub_branch", Name("sub-branch", "支行")),
    ("outlet", Name("outlet", "网点")),
)
OPENINGS: Labels = (
    ("opened", Name("opened", "新设")),
    ("acquired", Name("acquired", "收购")),
    ("included", Name("newly included", "新纳入")),
)
CLOSINGS: Labels = (("closed", Name("closed", "撤销")), ("merged", Name("merged", "并入")), ("divested", Name("divested", "出让")))
OWNERSHIPS: Labels = (("owned", Name("owned", "自有")), ("leased", Name("leased", "租赁")))
ALLOCATION_RULES: Labels = (
    ("area", Name("area, m²", "按面积（m²）")),
    ("headcount", Name("persons", "按人数")),
    ("contract", Name("contract", "按合同")),
)


def label(labels: Labels, code: str, language: str) -> str:
    """Return the word for a code, the code itself where there is none."""
    return next((name.in_language(language) for known, name in labels if known == code), code)


def find_code(labels: Labels, text: str) -> str | None:
    """Return the code of a word in either language, or of the code itself; None for any other text."""
    wanted = text.strip().casefold()
    for code, name in labels:
        if wanted in (code.casefold(), name.zh.casefold(), name.en.casefold()):
            return code
    return None


class NameList:
    """What units or indicators are called: one distinct text for each id and language, and the ids that a text may mean."""

    def __init__(self, names: Iterable[tuple[str, Name]]) -> None:
        self._names: Mapping[str, Name] = dict(names)
        self._ids: dict[str, set[str]] = {}
        for id, name in self._names.items():
            for text in (id, name.en, name.zh, f"{name.en} ({id})", f"{name.zh} ({id})"):
                self._ids.setdefault(text.strip().casefold(), set()).add(id)

    def __contains__(self, id: str) -> bool:
        return id in self._names

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids in the order given."""
        return tuple(self._names)

    def label(self, id: str, language: str) -> str:
        """Return the name of an id, with the id behind it where another one has the same name; the id itself where it is unknown."""
        name = self._names.get(id)
        if name is None:
            return id
        text = name.in_language(language)
        return text if self.find(text) == {id} else f"{text} ({id})"

    def find(self, text: str) -> frozenset[str]:
        """Return the ids that a text may mean: an id, a name in either language, or a name with its id."""
        return frozenset(self._ids.get(text.strip().casefold(), ()))
