"""Commands for work on the library: drafts, what changed, what a release would change, who uses a factor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.cli.invocation import Invocation, this
from ledger.cli.librarian import find_release
from ledger.cli.offline import read_document
from ledger.cli.output import tonnes
from ledger.client.http import Client
from ledger.errors import InputError
from ledger.records import canonical

app = typer.Typer()

DRAFT_FIELDS = ("release", "hash", "state", "saved_by")
CHANGE_COLUMNS = ("part", "change", "id", "field", "before", "after")
IMPACT_COLUMNS = ("institution", "period", "state", "release", "measure", "before", "after", "difference", "changed_lines")
LINE_COLUMNS = ("unit", "indicator", "factor_before", "factor_after", "before", "after")
FINDING_COLUMNS = ("institution", "period", "change", "severity", "code", "place", "action")
USE_COLUMNS = ("institution", "period", "revision", "state", "statement", "release", "use", "lines", "grams")
RULE_COLUMNS = ("release", "indicator", "use", "region", "year")
CHOICE_COLUMNS = ("institution", "period", "indicator", "use", "reference")
ReferenceArgument = Annotated[str, typer.Argument(help="a file, a name, a hash or its beginning")]


@app.command("draft")
def save_draft(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="a release document; or give --from", exists=True, dir_okay=False)] = None,
    base: Annotated[str | None, typer.Option("--from", help="the release to continue: its name, hash or its beginning")] = None,
    name: Annotated[str | None, typer.Option(help="with --from: the name of the new release")] = None,
    valid_from: Annotated[str | None, typer.Option(help="with --from: the first day on which it holds, such as 2027-01-01")] = None,
    include_local: Annotated[bool, typer.Option("--include-local", help="with --from: take in every accepted local factor")] = False,
) -> None:
    """Keep a draft on the server, from a file or from a release, and show every finding. The draft of that name so far is replaced."""
    run = this(context)
    if (file is None) == (base is None):
        raise InputError("a draft is made of a file or of a release", hint="give a FILE or --from, not both")
    with run.client() as client:
        if file is not None:
            answer = client.post("/v1/library-drafts", read_document(file))
        else:
            if name is None or valid_from is None:
                raise InputError("a draft of a release needs a name and a first day", hint="give --name and --valid-from")
            release = find_release(client, str(base))["hash"]
            body = {"release": name, "valid_from": valid_from, "include_local": include_local}
            answer = client.post(f"/v1/library-releases/{release}/drafts", body)
    run.out.record(answer, [(field, answer[field]) for field in DRAFT_FIELDS])
    run.out.findings(answer["findings"])


@app.command("diff")
def diff(context: typer.Context, before: ReferenceArgument, after: ReferenceArgument) -> None:
    """Show what changed from one release to another; two files are compared without a server."""
    from ledger.indicators.diff import compare
    from ledger.indicators.reading import release_from_document

    run = this(context)
    if not Path(before).is_file() and not Path(after).is_file():
        with run.client() as client:
            names = {key: find_release(client, text) for key, text in (("before", before), ("after", after))}
            answer = client.get("/v1/library-diffs", **{key: item["hash"] for key, item in names.items()})
    else:
        old, new = (release_from_document(_read(run, text)) for text in (before, after))
        answer = compare(old, new).to_document()
    run.out.table(answer, CHANGE_COLUMNS, list(_change_rows(answer)))


@app.command("impact")
def impact(
    context: typer.Context,
    release: Annotated[str, typer.Argument(help="the candidate: its name, hash or its beginning")],
    institution: Annotated[str | None, typer.Option(help="of one institution, with its lines; a bank's own without it")] = None,
) -> None:
    """Compute every open period with the release in force and with the candidate; nothing is written, closed periods stay as they are."""
    run = this(context)
    with run.client() as client:
        candidate = find_release(client, release)["hash"]
        query = {} if institution is None else {"institution": institution}
        answer = client.get(f"/v1/library-releases/{candidate}/impact", **query)
    if run.out.json:
        run.out.document(answer)
        return
    names = ("in_force_release", "in_force", "candidate_release", "candidate")
    run.out.record(answer, [(name, answer[name]) for name in names])
    run.out.table(answer, IMPACT_COLUMNS, [row for item in answer["periods"] for row in _period_rows(item)])
    lines = [_line_row(line) for item in answer["periods"] for line in item["lines"]]
    if lines:
        run.out.table(answer, LINE_COLUMNS, lines)
    findings = [row for item in answer["periods"] for row in _finding_rows(item)]
    if findings:
        run.out.table(answer, FINDING_COLUMNS, findings)


@app.command("users")
def factor_users(context: typer.Context, factor: Annotated[str, typer.Argument(help="the factor's id")]) -> None:
    """Show which statements took a factor, which rules select it and which banks chose it. A bank sees its own."""
    run = this(context)
    with run.client() as client:
        answer = client.get(f"/v1/factors/{factor}/users")
    if run.out.json:
        run.out.document(answer)
        return
    uses = [[tonnes(item[name]) if name == "grams" else item[name] for name in USE_COLUMNS] for item in answer["statements"]]
    run.out.table(answer, USE_COLUMNS, uses)
    run.out.table(answer, RULE_COLUMNS, [[item[name] for name in RULE_COLUMNS] for item in answer["rules"]])
    run.out.table(answer, CHOICE_COLUMNS, [[item[name] for name in CHOICE_COLUMNS] for item in answer["choices"]])


def _change_rows(document: dict[str, Any]) -> Iterator[list[object]]:
    for item in document["head"]:
        yield ["release", "changed", document["after"]["release"], item["field"], *_values(item)]
    for kind in document["kinds"]:
        yield from ([kind["kind"], change, id, None, None, None] for change in ("added", "removed") for id in kind[change])
        for item in kind["changed"]:
            yield from ([kind["kind"], "changed", item["id"], field["field"], *_values(field)] for field in item["fields"])
    for item in document["selections"]:
        years = ", ".join("*" if year is None else str(year) for year in item["years"])
        where = f"{item['use']}: {', '.join(item['regions'])}; {years}"
        yield ["selections", "changed", item["indicator"], where, item["before"], item["after"]]


def _values(change: dict[str, Any]) -> list[object]:
    return [", ".join(map(str, value)) if isinstance(value, list) else value for value in (change["before"], change["after"])]


def _read(run: Invocation, text: str) -> dict[str, Any]:
    if Path(text).is_file():
        return read_document(Path(text))
    with run.client() as client:
        return _fetch(client, text)


def _fetch(client: Client, text: str) -> dict[str, Any]:
    found = find_release(client, text)
    path = f"library-drafts/{found['release']}" if found["state"] == "draft" else f"library-releases/{found['hash']}"
    document = canonical.load_canonical(client.get_bytes(f"/v1/{path}"))
    return document if isinstance(document, dict) else {}


def _period_rows(item: dict[str, Any]) -> list[list[object]]:
    head = [item["institution"], item["period"], item["state"], item["release"]]
    if item["state"] != "open":
        return [[*head, item["reason"], None, None, None, None]]
    measures = item["after"] or item["before"] or {}
    if not measures:
        return [[*head, None, None, None, None, item["changed_lines"]]]
    return [
        [*head, name, *(_tonnes(item[side], name) for side in ("before", "after", "difference")), item["changed_lines"]]
        for name in measures
    ]


def _tonnes(grams: dict[str, str] | None, name: str) -> str | None:
    return None if grams is None else tonnes(grams[name])


def _line_row(line: dict[str, Any]) -> list[object]:
    sums = [None if line[side] is None else tonnes(sum(int(grams) for grams in _shown(line[side]))) for side in ("before", "after")]
    return [line["unit"], line["indicator"], line["factor_before"], line["factor_after"], *sums]


def _shown(grams: dict[str, str]) -> list[str]:
    """A line's grams without the market-based column, which tells the same consumption once more."""
    return [value for name, value in grams.items() if name != "scope2_market_g"]


def _finding_rows(item: dict[str, Any]) -> list[list[object]]:
    return [
        [item["institution"], item["period"], change, *(finding[name] for name in FINDING_COLUMNS[3:])]
        for change in ("appearing", "disappearing")
        for finding in item[change]
    ]
