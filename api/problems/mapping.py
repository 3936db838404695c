"""Which error of the ledger is which kind of problem: the one table, read from the top, the first matching class wins."""

from __future__ import annotations

from api.problems.catalogue import ProblemKind, get_kind
from ledger import errors
from ledger.chain import errors as chain_errors
from ledger.merkle import plain
from ledger.store import cursor, idempotency
from ledger.store import errors as store_errors

TABLE: tuple[tuple[type[Exception], str], ...] = (
    (cursor.CursorRefused, "cursor.invalid"),
    (idempotency.KeyReused, "idempotency.key_reused"),
    (idempotency.RequestInProgress, "idempotency.in_progress"),
    (store_errors.StoreBusy, "server.busy"),
    (store_errors.StoreUnavailable, "server.not_ready"),
    (store_errors.NotMigrated, "server.not_ready"),
    (errors.MalformedDocument, "input.malformed"),
    (errors.UnitError, "input.invalid"),
    (errors.InputError, "input.invalid"),
    (errors.SignatureRefused, "signature.refused"),
    (errors.Forbidden, "forbidden"),
    (errors.NotFound, "not_found"),
    (errors.Conflict, "conflict"),
    (errors.IntegrityError, "integrity.broken"),
    (errors.ConfigurationError, "server.failed"),
    (chain_errors.ChainRefused, "conflict"),
    (chain_errors.ChainUnavailable, "chain.unavailable"),
    (chain_errors.OutcomeUnknown, "chain.unavailable"),
    (chain_errors.CheckpointHalted, "server.not_ready"),
    (chain_errors.ChainError, "server.failed"),
    (store_errors.RowRefused, "input.invalid"),
    (store_errors.StoreError, "server.failed"),
    (plain.ProofRefused, "integrity.broken"),
    (errors.LedgerError, "server.failed"),
)

STATUS_KINDS: tuple[tuple[int, str], ...] = (
    (401, "credentials.missing"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (413, "body.too_large"),
    (415, "media_type.unsupported"),
    (422, "input.invalid"),
    (429, "rate.exceeded"),
    (503, "server.not_ready"),
)


def kind_of_error(error: Exception) -> ProblemKind:
    """Return the kind of problem that this error is; an error of nobody's is the server's failure."""
    for error_class, code in TABLE:
        if isinstance(error, error_class):
            return get_kind(code)
    return get_kind("server.failed")


def kind_of_status(status: int) -> ProblemKind:
    """Return the kind for a status that the framework itself raised."""
    for known, code in STATUS_KINDS:
        if known == status:
            return get_kind(code)
    return get_kind("server.failed" if status >= 500 else "request.refused")
