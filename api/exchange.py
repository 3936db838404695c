"""What belongs to one request and its answer from the first byte on: trace id, language, rate."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from api.language import Language, choose_language

_SCOPE_KEY = "lingtan.exchange"
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass
class Exchange:
    """One request and its answer. `headers` are added to the answer whatever it is; `subject` is for the log."""

    trace_id: str
    language: Language
    headers: dict[str, str] = field(default_factory=dict)
    subject: str = "-"


def open_exchange(scope: Scope) -> Exchange:
    """Make the exchange of a request; a W3C traceparent gives its trace id, else a random one."""
    headers = Headers(scope=scope)
    match = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    trace_id = match.group(1) if match and set(match.group(1)) != {"0"} else secrets.token_hex(16)
    exchange = Exchange(trace_id, choose_language(headers.get("accept-language")))
    scope[_SCOPE_KEY] = exchange
    return exchange


def exchange_of(request: Request) -> Exchange:
    """Return the exchange that the middleware opened for this request."""
    exchange: Exchange = request.scope[_SCOPE_KEY]
    return exchange
