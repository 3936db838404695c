"""/docs, /openapi.json and /static: the reference that works inside a bank's network, from files of our own under a strict policy."""

from __future__ import annotations

import hashlib
import json
from os import stat_result
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
SWAGGER = "/static/vendor/swagger-ui-dist-5.35.0"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Lingtan 零碳 API</title>
<link rel="stylesheet" href="{SWAGGER}/swagger-ui.css">
<script src="{SWAGGER}/swagger-ui-bundle.js" defer></script>
<script src="/static/docs.js" defer></script>
</head><body><div id="swagger-ui"></div><noscript><a href="/openapi.json">openapi.json</a></noscript></body></html>
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def show_docs() -> HTMLResponse:
    """Return the Swagger UI page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": DOCS_POLICY})


@router.get("/openapi.json")
def show_openapi(request: Request) -> Response:
    """Return the OpenAPI document, the same as docs/openapi.json."""
    data = json.dumps(request.app.openapi(), ensure_ascii=False, sort_keys=True).encode()
    headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Cache-Control": "public, no-cache"}
    return Response(data, 200, headers, "application/json")


class _Files(StaticFiles):
    def file_response(self, full_path: str, stat_result: stat_result, scope: Scope, status_code: int = 200) -> Response:  # type: ignore[override]
        """Return a file; what stands under a version's folder never changes."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        kept = "/vendor/" in scope["path"]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "public, no-cache"
        return response


def install_docs(app: FastAPI) -> None:
    """Serve the reference and the static files."""
    app.include_router(router)
    app.mount("/static", _Files(directory=STATIC), name="static")
