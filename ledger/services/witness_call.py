"""Ask one witness over HTTP, and read what it answers as the C2SP rules have it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import httpx2

from ledger.errors import MalformedDocument, SignatureRefused
from ledger.records.signed_note import Note, NoteKey, Signature, read_signatures, verify_note
from ledger.witness.request import PATH, SIZE_TYPE, write_request

MAX_ANSWER = 16 * 1024
AHEAD_SECONDS = 300
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")
Outcome = Literal["cosigned", "other_size", "refused", "failed"]


@dataclass(frozen=True)
class Answer:
    """What a witness said.

    `cosigned` with the signature; `other_size` with the size that it has; `refused`: what it was shown does not extend what it has;
    `failed`: nothing is known, `detail` says why.
    """

    outcome: Outcome
    detail: str = ""
    signature: Signature | None = None
    size: int = 0


def ask_witness(
    http: httpx2.Client,
    timeout: float,
    url: str,
    key: NoteKey,
    old_size: int,
    proof: Sequence[bytes],
    note: str,
    parts: Note,
    now: int,
) -> Answer:
    """Show a witness a checkpoint and return its answer; a cosignature is verified before it is returned.

    Args:
        timeout: for the whole body of the answer, and for each step before it, in seconds.
        note, parts: the note as it was published, and the same split.
        now: the time in Unix seconds; a cosignature of more than five minutes later is not believed.
    """
    try:
        end = time.monotonic() + timeout
        with http.stream("POST", f"{url}{PATH}", content=write_request(old_size, proof, note), timeout=timeout) as response:
            body = b""
            for block in response.iter_bytes():
                body += block
                if len(body) > MAX_ANSWER or time.monotonic() > end:
                    return Answer("failed", "the answer is too long, or comes too slowly")
            status, kind = response.status_code, response.headers.get("Content-Type", "").split(";")[0].strip()
        text = body.decode()
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, UnicodeDecodeError, RuntimeError) as error:
        return Answer("failed", f"{type(error).__name__}: {error}"[:200])
    if status == 200:
        return _read_cosignature(text, key, parts, now)
    if status == 409:
        match = _SIZE.fullmatch(text) if kind == SIZE_TYPE else None
        if match is not None and int(match[1]) != old_size:
            return Answer("other_size", size=int(match[1]))
        # Earlier versions of the rules answered another root of the same size this way.
        return Answer("refused", "409: another root") if match is None else Answer("failed", "409 with the size it was shown")
    if status == 422:
        return Answer("refused", f"422: {_short(text)}")
    return Answer("failed", f"{status}: {_short(text)}")


def _read_cosignature(text: str, key: NoteKey, parts: Note, now: int) -> Answer:
    try:
        ours = tuple(line for line in read_signatures(text) if (line.name, line.key_id) == (key.name, key.key_id))
        if not ours:
            return Answer("failed", "the answer holds no cosignature of the witness's key")
        signed = verify_note(Note(parts.text, ours), (key,))[-1]
    except (MalformedDocument, SignatureRefused) as error:
        return Answer("failed", str(error)[:200])
    if (signed.time or 0) > now + AHEAD_SECONDS:
        return Answer("failed", f"the cosignature is of {(signed.time or 0) - now} s from now: the witness's clock, or ours, is wrong")
    return Answer("cosigned", signature=signed.signature)


def _short(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:160]).strip()
