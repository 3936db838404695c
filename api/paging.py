"""Cursor paging: ?limit=1..200&cursor=, answered with next_cursor and Link: rel="next" (RFC 8288).

A cursor is signed together with the list it belongs to and the tenant it was made for, so it can be neither edited nor carried over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.call import Call, reply, with_query
from ledger.services.context import Page
from ledger.store.cursor import decode_cursor, encode_cursor

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
V = TypeVar("V")


@dataclass(frozen=True)
class PageQuery:
    """Which page the caller wants."""

    limit: int
    cursor: str | None


def _page_query(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items of a page")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=1000, description="next_cursor of the page before")] = None,
) -> PageQuery:
    return PageQuery(limit, cursor)


PageParameter = Annotated[PageQuery, Depends(_page_query)]


def answer_page(
    call: Call,
    query: PageQuery,
    fetch: Callable[[int, str | None], Page[V]],
    answer: Callable[[tuple[V, ...], str | None], BaseModel],
) -> Response:
    """Return one page of a list.

    Args:
        fetch: the service's list function, given limit and the key after which the page starts.
        answer: makes the JSON of the items and the next cursor.

    Raises:
        CursorRefused: the cursor is not one that was given for this list and this tenant.
    """
    scope = _scope(call.request, call.actor.institution)
    after = None if query.cursor is None else str(decode_cursor(call.house.cursor_key, scope, query.cursor))
    page = fetch(query.limit, after)
    cursor = None if page.next_key is None else encode_cursor(call.house.cursor_key, scope, page.next_key)
    result = reply(answer(page.items, cursor)).response()
    if cursor is not None:
        filters = {key: value for key, value in call.request.query_params.items() if key not in ("cursor", "limit")}
        target = with_query(call.request.url.path, **filters, limit=query.limit, cursor=cursor)
        result.headers["Link"] = f'<{target}>; rel="next"'
    return result


def _scope(request: Request, institution: str | None) -> str:
    filters = sorted((key, value) for key, value in request.query_params.items() if key not in ("cursor", "limit"))
    parts: list[Any] = [institution or "", request.url.path, *(f"{key}={value}" for key, value in filters)]
    return "\n".join(parts)
