"""Names in two languages."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import MalformedDocument

MAX_NAME_LENGTH = 200


@dataclass(frozen=True)
class Name:
    """A name in English and Chinese; both are shown, neither is derived from the other."""

    en: str
    zh: str

    def __post_init__(self) -> None:
        for language, text in (("en", self.en), ("zh", self.zh)):
            if not text.strip() or len(text) > MAX_NAME_LENGTH or not text.isprintable():
                raise MalformedDocument(f"a name whose {language} text is empty, longer than {MAX_NAME_LENGTH} or not printable")

    def in_language(self, language: str) -> str:
        """Return the Chinese text for `zh` and its variants, else the English one."""
        return self.zh if language.lower().startswith("zh") else self.en

    def to_document(self) -> dict[str, str]:
        """Return `{"en": …, "zh": …}`."""
        return {"en": self.en, "zh": self.zh}

    @classmethod
    def from_document(cls, document: object) -> Name:
        """Return the name of `{"en": …, "zh": …}`.

        Raises:
            MalformedDocument: other fields, or texts that are no names.
        """
        if not isinstance(document, dict) or set(document) != {"en", "zh"}:
            raise MalformedDocument('not a name: expected {"en": …, "zh": …}')
        en, zh = document["en"], document["zh"]
        if not isinstance(en, str) or not isinstance(zh, str):
            raise MalformedDocument("not a name: en and zh must be strings")
        return cls(en, zh)
