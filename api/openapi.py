"""The OpenAPI 3.1 document: the framework's, with our request models, the problem document and the security scheme."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.schemas import REQUESTS
from api.schemas.base import Problem
from ledger import __version__

TITLE = "Lingtan 零碳"
VERSION = __version__
DESCRIPTION = """An auditable carbon ledger for a city's banks.

Every answer that is not a success is a problem document (RFC 9457); every creating POST carries an Idempotency-Key; lists are paged by
cursor; slow work answers 202 with a Location to poll. The guide is docs/api.md, the hashed documents are docs/spec/documents.md.

城市银行可审计碳账本。所有非成功响应均为问题文档（RFC 9457）；创建资源的 POST 须带 Idempotency-Key；列表按游标分页；
耗时操作返回 202 与可轮询的 Location。"""


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the document of this application; the same routes give the same document."""
    document = get_openapi(title=TITLE, version=VERSION, openapi_version="3.1.0", description=DESCRIPTION, routes=app.routes)
    models: tuple[type[BaseModel], ...] = (*REQUESTS, Problem)
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
    components = document.setdefault("components", {})
    components["schemas"] = dict(sorted({**components.get("schemas", {}), **definitions["$defs"]}.items()))
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "opaque", "description": "An opaque access token: lingtan token"}
    }
    document["servers"] = [{"url": "/"}]
    return document


def install_openapi(app: FastAPI) -> None:
    """Make the application answer with this document, built once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build_openapi(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
