"""The pages that `type` points to: what a problem means, why it happens, what to do; in both languages, from the catalogue."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.language import Language, choose_language
from api.problems.catalogue import KINDS, ProblemKind, Text, find_kind
from api.problems.refusal import Refusal

PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

router = APIRouter(include_in_schema=False)

_CAUSE = Text("Why", "原因")
_REMEDY = Text("What to do", "处理办法")
_STATUS = Text("HTTP status", "HTTP 状态码")
_RETRY = Text("The same request, sent again unchanged, may succeed.", "原样重发同一请求可能成功。")
_ALL = Text("All problems", "全部问题")
_TITLE = Text("Problems of the Lingtan API", "零碳接口问题说明")


@router.get("/problems")
def list_problems(request: Request, lang: str | None = None) -> HTMLResponse:
    """Return the list of every kind of problem."""
    language = _language(request, lang)
    rows = "".join(
        f'<li><a href="/problems/{kind.code}?lang={language}"><code>{kind.code}</code></a> {escape(kind.title.get(language))}</li>'
        for kind in KINDS
    )
    return _page(language, "/problems", _TITLE.get(language), f"<ul>{rows}</ul>")


@router.get("/problems/{code}")
def show_problem(request: Request, code: str, lang: str | None = None) -> HTMLResponse:
    """Return the page of one kind of problem."""
    kind = find_kind(code)
    if kind is None:
        raise Refusal("not_found")
    language = _language(request, lang)
    return _page(language, f"/problems/{kind.code}", kind.title.get(language), _body(kind, language))


def _body(kind: ProblemKind, language: Language) -> str:
    def section(head: Text, text: Text) -> str:
        return f"<h2>{escape(head.get(language))}</h2><p>{escape(text.get(language))}</p>"

    retry = f"<p>{escape(_RETRY.get(language))}</p>" if kind.retryable else ""
    return (
        f"<p><code>{kind.code}</code> · {escape(_STATUS.get(language))} {kind.status}</p>"
        f"{section(_CAUSE, kind.cause)}{section(_REMEDY, kind.remedy)}{retry}"
        f'<p><a href="/problems?lang={language}">{escape(_ALL.get(language))}</a></p>'
    )


def _language(request: Request, lang: str | None) -> Language:
    if lang == "zh":
        return "zh"
    if lang == "en":
        return "en"
    return choose_language(request.headers.get("accept-language"))


def _page(language: Language, path: str, title: str, body: str) -> HTMLResponse:
    other, other_name = ("en", "English") if language == "zh" else ("zh", "中文")
    code = "zh-Hans" if language == "zh" else "en"
    html = (
        f'<!doctype html>\n<html lang="{code}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/static/pages.css"></head>'
        f'<body><main><nav><a href="{path}?lang={other}">{other_name}</a></nav><h1>{escape(title)}</h1>{body}</main></body></html>\n'
    )
    headers = {"Content-Security-Policy": PAGE_POLICY, "Content-Language": language, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=headers)
