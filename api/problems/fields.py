"""Errors of single fields: pydantic's findings as pointer, code and a sentence of ours. The value that was sent is never repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.language import Language
from api.problems.catalogue import Text
from api.problems.refusal import FieldError

MAX_ERRORS = 100

# pydantic's type → our code and sentence. {…} are limits of the schema, taken from the error's context, never the input.
_TEXTS: dict[str, tuple[str, Text]] = {
    "missing": ("missing", Text("This field is required.", "此字段必填。")),
    "extra_forbidden": ("unknown_field", Text("This field is not one of this request.", "该请求不含此字段。")),
    "string_type": ("not_a_string", Text("A string is expected.", "应为字符串。")),
    "int_type": ("not_an_integer", Text("An integer is expected, not a string.", "应为整数，不能是字符串。")),
    "int_parsing": ("not_an_integer", Text("An integer is expected.", "应为整数。")),
    "bool_type": ("not_a_boolean", Text("true or false is expected.", "应为 true 或 false。")),
    "dict_type": ("not_an_object", Text("A JSON object is expected.", "应为 JSON 对象。")),
    "model_type": ("not_an_object", Text("A JSON object is expected.", "应为 JSON 对象。")),
    "list_type": ("not_an_array", Text("A JSON array is expected.", "应为 JSON 数组。")),
    "tuple_type": ("not_an_array", Text("A JSON array is expected.", "应为 JSON 数组。")),
    "date_type": ("not_a_date", Text("A date YYYY-MM-DD is expected.", "应为 YYYY-MM-DD 格式的日期。")),
    "date_parsing": ("not_a_date", Text("A date YYYY-MM-DD is expected.", "应为 YYYY-MM-DD 格式的日期。")),
    "date_from_datetime_parsing": ("not_a_date", Text("A date YYYY-MM-DD is expected.", "应为 YYYY-MM-DD 格式的日期。")),
    "date_from_datetime_inexact": ("not_a_date", Text("A date YYYY-MM-DD is expected.", "应为 YYYY-MM-DD 格式的日期。")),
    "literal_error": ("not_in_list", Text("One of these is expected: {expected}.", "应为以下之一：{expected}。")),
    "string_pattern_mismatch": ("wrong_form", Text("The form {pattern} is expected.", "格式应为 {pattern}。")),
    "string_too_short": ("too_short", Text("At least {min_length} characters are expected.", "至少 {min_length} 个字符。")),
    "string_too_long": ("too_long", Text("At most {max_length} characters are allowed.", "至多 {max_length} 个字符。")),
    "too_short": ("too_short", Text("At least {min_length} items are expected.", "至少 {min_length} 项。")),
    "too_long": ("too_long", Text("At most {max_length} items are allowed.", "至多 {max_length} 项。")),
    "greater_than_equal": ("too_small", Text("At least {ge} is expected.", "不得小于 {ge}。")),
    "less_than_equal": ("too_large", Text("At most {le} is allowed.", "不得大于 {le}。")),
}
_OTHER = ("invalid", Text("The value is not of the expected form.", "取值格式不符。"))


def field_errors(errors: Iterable[Mapping[str, Any]], language: Language) -> tuple[FieldError, ...]:
    """Return pydantic's errors as ours, in their order, at most 100."""
    result = []
    for error in errors:
        code, text = _TEXTS.get(str(error["type"]), _OTHER)
        context = {key: str(value) for key, value in error.get("ctx", {}).items()}
        try:
            detail = text.get(language).format(**context)
        except KeyError:
            detail = _OTHER[1].get(language)
        result.append(FieldError(pointer(error["loc"]), code, detail))
        if len(result) == MAX_ERRORS:
            break
    return tuple(result)


def pointer(location: Iterable[int | str]) -> str:
    """Return the JSON pointer of a location; a parameter's keeps its leading word, as `query/limit`."""
    parts = [str(part).replace("~", "~0").replace("/", "~1")[:80] for part in location]
    if parts and parts[0] in ("query", "path", "header"):
        return "/".join(parts)
    return "".join(f"/{part}" for part in parts)
