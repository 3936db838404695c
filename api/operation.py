"""What every route declares: its operation, its gate, its bodies, and the problems it may answer with, in one call.

@router.post("/institutions", **operation("institutions.create", "Register an institution", answer=InstitutionAnswer, status=201, …))
"""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from pydantic import BaseModel

from api.auth.gate import Gate, PublicGate
from api.auth.policy import get_rule
from api.bodies import BATCH_TYPE, ENVELOPE_TYPE, JSONL_TYPE, XLSX_TYPE
from api.problems.catalogue import KINDS

PROBLEM_SCHEMA = "#/components/schemas/Problem"

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A random key; the same key with the same request gives the same answer and does the work once.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]+$"},
}
_CONTENT_DIGEST = {
    "name": "Content-Digest",
    "in": "header",
    "required": False,
    "description": "RFC 9530, sha-256: compared with the bytes that arrive.",
    "schema": {"type": "string", "examples": ["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"]},
}
_REPLAYED = {"Idempotent-Replayed": {"description": "true where this answer was given before.", "schema": {"type": "string"}}}


def operation(
    operation_id: str,
    summary: str,
    *,
    answer: type[BaseModel] | None = None,
    media_type: str | tuple[str, ...] | None = None,
    status: int = 200,
    body: type[BaseModel] | str | None = None,
    csv: bool = False,
    xlsx: bool = False,
    jsonl: bool = False,
    signed: bool = False,
    digest_required: bool = False,
    judged: bool = False,
) -> dict[str, Any]:
    """Return the arguments of a route's decorator.

    Args:
        operation_id: `resource.verb`, an entry of the policy table.
        answer: the model of the successful answer's JSON.
        media_type: of a successful answer that is no JSON model, or all that it may have.
        body: the model of the JSON body, or the name of the document schema it must be, as `lingtan.activity/1`.
        csv: the body may be text/csv (alone, where `body` is None).
        xlsx: the body may be an .xlsx workbook.
        jsonl: the body is application/jsonl: one JSON object a line.
        signed: the body may be a device's envelope or batch (docs/spec/metering.md).
        digest_required: Content-Digest must be sent.
        judged: the body is validated as data: with an error finding the answer is 200, `accepted` false, and nothing is stored.
    """
    rule = get_rule(operation_id)
    public = rule.tenancy == "public"
    parameters: list[dict[str, Any]] = []
    if rule.once:
        parameters.append(_IDEMPOTENCY_KEY)
    has_body = body is not None or csv or jsonl or signed
    if has_body:
        parameters.append({**_CONTENT_DIGEST, "required": digest_required})
    extra: dict[str, Any] = {"x-roles": sorted(rule.roles), "x-tenancy": rule.tenancy, "security": [] if public else [{"token": []}]}
    if parameters:
        extra["parameters"] = parameters
    if has_body:
        extra["requestBody"] = {"required": True, "content": _body_content(body, csv, xlsx, jsonl, signed)}
    success: dict[str, Any] = {"description": "Success"}
    if media_type is not None:
        kinds = (media_type,) if isinstance(media_type, str) else media_type
        binary = {"type": "string", "format": "binary"}
        success["content"] = {kind: {"schema": {} if kind.endswith("json") else binary} for kind in kinds}
    if rule.once:
        success["headers"] = _REPLAYED
    refused = {200: {"description": "Findings of severity error; nothing was stored", "model": answer}} if judged else {}
    statuses = {404, 422, 429, 500, 503} | ({400, 409} if rule.once else {400})
    # What needs no token refuses what its body proves; what has roles refuses who has none of them.
    statuses |= {403} if public else {401}
    statuses |= {403} if rule.roles else set()
    statuses |= {413, 415} if has_body else set()
    return {
        "operation_id": operation_id,
        "summary": summary,
        "tags": [operation_id.partition(".")[0]],
        "status_code": status,
        "response_model": answer,
        "responses": {status: success, **refused, **{code: _problem(code) for code in sorted(statuses)}},
        "dependencies": [Depends(PublicGate(rule) if public else Gate(rule))],
        "openapi_extra": extra,
    }


def _body_content(body: type[BaseModel] | str | None, csv: bool, xlsx: bool, jsonl: bool, signed: bool) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if isinstance(body, str):
        content["application/json"] = {
            "schema": {
                "type": "object",
                "description": f"A `{body}` document: docs/spec/documents.md.",
                "required": ["schema"],
                "properties": {"schema": {"const": body}},
            }
        }
    elif body is not None:
        content["application/json"] = {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}
    if csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    if signed:
        content[ENVELOPE_TYPE] = {"schema": {"type": "object", "required": ["schema", "sig"]}}
        content[BATCH_TYPE] = {"schema": {"type": "string", "format": "binary"}}
    if jsonl:
        content[JSONL_TYPE] = {"schema": {"type": "string"}}
    if xlsx:
        content[XLSX_TYPE] = {"schema": {"type": "string", "format": "binary"}}
    return content


def _problem(status: int) -> dict[str, Any]:
    titles = [kind.title.en for kind in KINDS if kind.status == status]
    return {"description": "; ".join(titles), "content": {"application/problem+json": {"schema": {"$ref": PROBLEM_SCHEMA}}}}
