"""Hold a value against the keywords of JSON Schema (2020-12) that our schema files use; an unknown keyword is a mistake of theirs."""

from __future__ import annotations

import re
from typing import Any

_SILENT = {"$schema", "$id", "$defs", "title", "description"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def holds(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a value is as a schema says."""
    return all(name in _SILENT or _keyword(name, value, schema, root) for name in schema)


def _keyword(name: str, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    said = schema[name]
    if name == "$ref":
        return holds(value, root["$defs"][said.removeprefix("#/$defs/")], root)
    if name == "type":
        return isinstance(value, _TYPES[said]) and not isinstance(value, bool)
    if name == "const":
        return bool(value == said)
    if name == "enum":
        return value in said
    if name == "anyOf":
        return any(holds(value, option, root) for option in said)
    if name == "oneOf":
        return sum(holds(value, option, root) for option in said) == 1
    if name in ("minimum", "maximum"):
        return not isinstance(value, int) or (value >= said if name == "minimum" else value <= said)
    if name in ("minLength", "maxLength", "pattern"):
        return not isinstance(value, str) or _text(name, value, said)
    if name in ("items", "minItems"):
        return not isinstance(value, list) or (len(value) >= said if name == "minItems" else all(holds(item, said, root) for item in value))
    if name in ("properties", "required", "additionalProperties"):
        return not isinstance(value, dict) or _object(name, value, schema, root)
    raise AssertionError(f"the keyword {name} is not known here")


def _text(name: str, value: str, said: Any) -> bool:
    if name == "pattern":
        return re.search(said, value) is not None
    return len(value) >= said if name == "minLength" else len(value) <= said


def _object(name: str, value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if name == "required":
        return all(field in value for field in schema["required"])
    if name == "additionalProperties":
        return set(value) <= set(schema.get("properties", {}))
    return all(holds(item, schema["properties"][field], root) for field, item in value.items() if field in schema["properties"])
