"""Commands of the centre's librarian and publisher: two people, two keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.failures import FINDINGS
from ledger.cli.invocation import Invocation, my_institution, this, write_result
from ledger.cli.offline import read_document
from ledger.client.http import Client, RequestRefused
from ledger.clock import SystemClock, parse_instant
from ledger.errors import InputError
from ledger.records import canonical
from ledger.records.findings import has_errors

app = typer.Typer()
library = typer.Typer(no_args_is_help=True, help="Releases of the indicator library, dataset schemas, schemes.")
app.add_typer(library, name="library", rich_help_panel="Librarian")

ReleaseKindName = Literal["library", "schema", "scheme"]
KINDS: tuple[ReleaseKindName, ...] = ("library", "schema", "scheme")
COLUMNS = ("release", "kind", "state", "hash", "valid_from", "proposer", "publisher")
KeyOption = Annotated[Path, typer.Option(help="your own encrypted key file", exists=True, dir_okay=False)]
WaitOption = Annotated[float, typer.Option(help="how many seconds to wait for the chain; 0: do not wait", min=0)]
SCHEMA_KINDS = {"lingtan.library/1": "INDICATOR_LIBRARY", "lingtan.dataset/1": "DATASET_SCHEMA", "lingtan.scheme/1": "SCHEME"}


@library.command("list")
def list_releases(context: typer.Context, kind: Annotated[ReleaseKindName | None, typer.Option(help="of this kind only")] = None) -> None:
    """List what was proposed and published, and before it the drafts, for those who work on them."""
    run = this(context)
    with run.client() as client:
        drafts = all_drafts(client) if kind in (None, "library") else []
        items = [*drafts, *all_releases(client, (kind,) if kind else KINDS)]
    run.out.table({"items": items}, COLUMNS, [[item[name] for name in COLUMNS] for item in items])


@library.command("show")
def show_release(
    context: typer.Context,
    hash: Annotated[str, typer.Argument(help="the name, the hash, or its beginning")],
    out: Annotated[Path | None, typer.Option(help="write the document into this file")] = None,
) -> None:
    """Show a release, and write its document where a file is named."""
    run = this(context)
    with run.client() as client:
        found = find_release(client, hash)
        path = "library-drafts/" + found["release"] if found["state"] == "draft" else "library-releases/" + found["hash"]
        data = client.get_bytes(f"/v1/{path}")
    document = canonical.load_canonical(data)
    if out is not None:
        write_result(out, data)
    listed = document.get("factors") if isinstance(document, dict) else None
    factors = len(listed) if isinstance(listed, list) else None
    fields = [(name, found[name]) for name in COLUMNS]
    run.out.record({**found, "document": document}, [*fields, ("factors", factors), ("file", out)])


@library.command("shipped")
def write_shipped(context: typer.Context, out: Annotated[Path, typer.Option(help="a folder for the files", file_okay=False)]) -> None:
    """Write the documents that come with this release of lingtan, to be read over and proposed."""
    from ledger.indicators.shipped import RELEASE, shipped_bytes
    from ledger.merkle.dataset_schema import DATASETS, get_schema_bytes

    run = this(context)
    out.mkdir(parents=True, exist_ok=True)
    files = [(f"{RELEASE}.json", shipped_bytes()), *((f"{name}.json", get_schema_bytes(name)) for name in DATASETS)]
    for name, data in files:
        write_result(out / name, data)
    items = [{"file": str(out / name), "hash": canonical.digest(canonical.load(data)), "bytes": len(data)} for name, data in files]
    run.out.table({"items": items}, ("file", "hash", "bytes"), [tuple(item.values()) for item in items])


@library.command("propose")
def propose(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="a file, or the name of a draft")],
    key: KeyOption,
    valid_from: Annotated[str | None, typer.Option(help="from when it holds, such as 2026-01-01T00:00:00+08:00; now without it")] = None,
    wait: WaitOption = 60,
) -> None:
    """Propose a document under its hash, signed with the librarian's key. Another person publishes it."""
    from ledger.chain.typed_data import ReleaseKind
    from ledger.client import acts

    run = this(context)
    document = read_document(Path(file)) if Path(file).is_file() else read_draft(run, file)
    kind = SCHEMA_KINDS.get(str(document.get("schema")))
    if kind is None:
        raise InputError(f"{file} is no document of the library", hint=f"expected a schema of {', '.join(SCHEMA_KINDS)}")
    if kind == "INDICATOR_LIBRARY":
        _require_no_errors(run, document)
    release, now = canonical.digest(document), SystemClock().now()
    at = now if valid_from is None else parse_instant(valid_from)
    with run.client() as client:
        party, centre = run.party(client, key), my_institution(client)
        acts.propose(party, document, centre=centre, kind=ReleaseKind[kind], valid_from=at, now=now)
        _show(run, client, release, ("proposed", "published", "publishing"), wait)


@library.command("publish")
def publish(
    context: typer.Context, hash: Annotated[str, typer.Argument(help="the whole hash of a proposal")], key: KeyOption, wait: WaitOption = 60
) -> None:
    """Publish what another person proposed, signed with the publisher's key."""
    from ledger.client import acts

    run = this(context)
    with run.client() as client:
        if not any(item["hash"] == hash for item in all_releases(client, KINDS)):
            raise InputError(f"no release has the hash {hash!r}", hint="take the hash from `lingtan library list`")
        run.confirm(hash)
        acts.publish(run.party(client, key), hash, centre=my_institution(client), now=SystemClock().now())
        _show(run, client, hash, ("published",), wait)


def all_releases(client: Client, kinds: tuple[ReleaseKindName, ...]) -> list[dict[str, Any]]:
    """Return the releases of these kinds."""
    return [item for kind in kinds for item in client.get_all("/v1/library-releases", kind=kind)]


def all_drafts(client: Client) -> list[dict[str, Any]]:
    """Return the drafts as they stand beside releases; none for somebody who does not work on them."""
    if not {"librarian", "publisher"} & set(client.get("/v1/me")["roles"]):
        return []
    unset = {"kind": "library", "valid_from": None, "publisher": None, "supersedes": None}
    return [{**item, **unset, "proposer": item["saved_by"]} for item in client.get_all("/v1/library-drafts")]


def find_release(client: Client, text: str) -> dict[str, Any]:
    """Return the one release, schema, scheme or draft with this name or hash, or whose hash begins so.

    Raises:
        InputError: there is none, or more than one.
    """
    items = [*all_releases(client, KINDS), *all_drafts(client)]
    found = [item for item in items if text in (item["hash"], item["release"])] or [item for item in items if item["hash"].startswith(text)]
    if len(found) != 1:
        raise InputError(f"{len(found)} releases are called {text!r}, or begin so", hint="take the hash from `lingtan library list`")
    return found[0]


def read_draft(run: Invocation, name: str) -> dict[str, Any]:
    """Return the document of the draft with this name."""
    with run.client() as client:
        try:
            data = client.get_bytes(f"/v1/library-drafts/{name}")
        except RequestRefused as error:
            if error.status != 404:
                raise
            raise InputError(f"{name!r} is neither a file nor a draft", hint="`lingtan library list` names the drafts") from error
    document = canonical.load_canonical(data)
    return document if isinstance(document, dict) else {}


def _require_no_errors(run: Invocation, document: dict[str, Any]) -> None:
    from ledger.indicators.reading import check_release

    _, findings = check_release(document)
    if has_errors(findings):
        run.out.findings([finding.to_document() for finding in findings])
        raise typer.Exit(FINDINGS)


def _wait(client: Client, release: str, states: tuple[str, ...], seconds: float) -> dict[str, Any]:
    import time

    from ledger.client.http import growing_pauses

    end = time.monotonic() + seconds
    pauses = growing_pauses()
    while True:
        item = next(item for item in all_releases(client, KINDS) if item["hash"] == release)
        if item["state"] in (*states, "rejected") or time.monotonic() > end:
            return item
        time.sleep(next(pauses))


def _show(run: Invocation, client: Client, release: str, states: tuple[str, ...], seconds: float) -> None:
    from ledger.cli.reporting import require_settled

    item = _wait(client, release, states, seconds)
    run.out.record(item, [(name, item[name]) for name in COLUMNS])
    require_settled(item, states, f"release {item['release']}", seconds)
