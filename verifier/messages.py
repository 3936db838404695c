"""Word each answer for people, in English and Chinese: what it means and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from verifier import chinese
from verifier.checks import Check, Outcome
from verifier.wordings import WORDINGS

LANGUAGES = ("en", "zh")
Words = tuple[str, str]  # English, Chinese

_OUTCOMES: dict[Outcome, Words] = {
    Outcome.PASS: ("PASS", "通过"),
    Outcome.FAIL: ("FAIL", "不符"),
    Outcome.MALFORMED: ("MALFORMED", "无法读取"),
    Outcome.UNTRUSTED: ("UNTRUSTED", "不受信任"),
    Outcome.NOT_IN_FORCE: ("NOT IN FORCE", "未生效"),
    Outcome.NOT_CHECKED: ("NOT CHECKED", "未检查"),
}
_VERDICTS: dict[str, Words] = {
    "VALID": ("every check ran and held", "所有检查均已执行且相符"),
    "INVALID": ("a check ran and proved a mismatch", "至少一项检查证实不符"),
    "MALFORMED": ("something cannot be read as what it claims to be", "有内容无法按其声称的格式读取"),
    "INCOMPLETE": ("nothing is proven wrong, but some checks could not run", "未发现不符，但有检查无法执行"),
    "NOT-IN-FORCE": ("genuine, but not in force at this time", "内容真实，但当前不在有效期内"),
    "UNTRUSTED": ("genuine as far as it goes, but not known to the policy", "内容自洽，但不在信任策略之内"),
}
LABELS: dict[str, Words] = {
    "expected": ("expected", "应为"),
    "found": ("found", "实为"),
    "means": ("means", "含义"),
    "next": ("next", "下一步"),
    "level": ("level", "级别"),
    "recomputed": ("recomputed", "重算"),
    "lines": ("lines", "行"),
    "exposures": ("exposures", "笔敞口"),
    "groups": ("groups opened", "组已打开"),
    "difference": ("difference to the statement", "与报表之差"),
    "verdict": ("verdict", "结论"),
}
_RECOMPUTATIONS: dict[str, Words] = {
    "RECOMPUTED": ("the lines come to the same figures", "各行重算所得数值一致"),
    "DIVERGES": ("the lines come to other figures", "各行重算所得数值不一致"),
    "NOT RECOMPUTED": ("something was missing", "缺少所需内容"),
}
# What the commands beside verifying say.
LINES: dict[str, Words] = {
    "mismatch": (
        "FAIL {field}: the slots give {expected}, the header says {found}",
        "不符 {field}：由各时段得出 {expected}，记录头为 {found}",
    ),
    "canonical": (
        "{file} is not in canonical form; the hash is that of its canonical form",
        "{file} 不是规范形式；所示哈希为其规范形式的哈希",
    ),
    "drawn": (
        "{size} draws, {chosen} of {count} items; an item that is not opened counts as failed",
        "抽取 {size} 次，{count} 项中的 {chosen} 项；未打开的项按不符计",
    ),
    "signed": ("signed by {signer}: opinion {opinion}, written to {file}", "由 {signer} 签署：意见 {opinion}，已写入 {file}"),
    "passphrase": ("passphrase of {file}: ", "{file} 的口令："),
}
_LEVELS: dict[str, Words] = {
    "-": ("none: no commitment was confirmed", "无：未确认任何承诺"),
    "L1": ("L1: the records are in R with these totals", "L1：记录与合计已确认在承诺根 R 中"),
    "L2": ("L2: R is anchored by the contract", "L2：承诺根 R 已由合约锚定"),
    "L3": ("L3: the block is final", "L3：所在区块已最终确认"),
    "L4": ("L4: independent witnesses cosigned it", "L4：已有独立见证方副署"),
    "L5": ("L5: verified and certified, and in force at the block shown", "L5：已核查并认证，且在所示区块时有效"),
}


def outcome_word(outcome: Outcome, language: str) -> str:
    """Return the word for an outcome."""
    return _OUTCOMES[outcome][LANGUAGES.index(language)]


def verdict_words(verdict: str, language: str) -> str:
    """Return the sentence for a verdict."""
    return _VERDICTS[verdict][LANGUAGES.index(language)]


def level_words(level: str, language: str) -> str:
    """Return the sentence for a level."""
    return _LEVELS[level][LANGUAGES.index(language)]


def recomputation_words(outcome: str, language: str) -> str:
    """Return the sentence for what recomputing came to."""
    return _RECOMPUTATIONS[outcome][LANGUAGES.index(language)]


def line(name: str, language: str, **facts: object) -> str:
    """Return a line of a command beside verifying."""
    return LINES[name][LANGUAGES.index(language)].format(**facts)


def said(text: str, language: str) -> str:
    """Return a subject, or what was expected or found, in the language; data stays as it is."""
    return chinese.phrase(text) if language == "zh" else text


def refusal(code: str, text: str, language: str, place: str = "", facts: Mapping[str, str] | None = None) -> str:
    """Return why something was refused: its own sentence, or in Chinese the reason of its code with place and facts."""
    if language != "zh":
        return text
    parts = [chinese.phrase(place), chinese.reason(code), "，".join((facts or {}).values())]
    return "：".join(part for part in parts if part)


def label(name: str, language: str) -> str:
    """Return a label of the report."""
    return LABELS[name][LANGUAGES.index(language)]


def explain(check: Check, language: str) -> tuple[str, str]:
    """Return (what it means, what to do next) for an answer other than PASS."""
    code = "MALFORMED" if check.outcome is Outcome.MALFORMED else check.code
    words = WORDINGS.get(code) or next((entry for name, entry in WORDINGS.items() if check.id.startswith(name)), WORDINGS["other"])
    index, facts = LANGUAGES.index(language), _Facts(check.facts)
    if language == "zh":
        facts.update({name: chinese.phrase(value) for name, value in facts.items()})
        facts.update({"detail": chinese.reason(check.code)} if "detail" in facts else {})
    meaning, following = words[index].format_map(facts), words[2 + index].format_map(facts)
    if "element" in check.facts:
        meaning += f" ({check.facts['element']})"
    return meaning, following


class _Facts(dict[str, str]):
    """Fill a sentence even where a fact is absent; a report never fails for want of a word."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"
