"""The contract's ctx and R against three others: hashlib written out, the product's trees, and the published vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.merkle.sums import Context, Leaf, SumTree, record_hash
from tests.contracts.messages import compute_context, compute_root
from tests.contracts.world import NEVER, World, key_of

U64 = st.integers(0, 2**64 - 1)
WORD = st.binary(min_size=32, max_size=32)
# The fixture is shared by the examples, which only read.
READS_ONLY = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_reference_gives_the_published_roots(shared: Path) -> None:
    trees = json.loads((shared / "vectors/merkle_sum.json").read_text())["trees"]
    checked = 0
    for tree in trees:
        if tree["hash"] != "sha256":
            continue
        totals = [int(total) for total in tree["totals"]]
        assert compute_root(bytes.fromhex(tree["ctx"]), tree["n"], totals, bytes.fromhex(tree["root_hash"])).hex() == tree["R"]
        checked += 1
    assert checked == 7


@READS_ONLY
@given(
    words=st.tuples(WORD, WORD, WORD, WORD),
    period=st.tuples(U64, U64),
    revision=st.integers(0, 2**32 - 1),
    codes=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    n=U64,
    totals=st.lists(st.integers(0, 2**128 - 1), min_size=4, max_size=4),
)
def test_the_contract_computes_what_hashlib_computes(
    tester_world: World, words: tuple[bytes, ...], period: tuple[int, int], revision: int, codes: tuple[int, int], n: int, totals: list[int]
) -> None:
    org, dataset, schema, tree = words
    fields: dict[str, Any] = {"org": org, "dataset": dataset, "schemaHash": schema, "treeRoot": tree, "root": bytes(32)}
    fields |= {"n": n, "totals": totals, "revision": revision, "alg": codes[0], "measures": codes[1]}
    message = tester_world.attestation(periodStart=period[0], periodEnd=period[1], **fields)
    context = compute_context(message, tester_world.engine.chain_id, tester_world.addresses["PeriodLedger"])
    answer = tester_world.view("PeriodLedger", "computeRoot", tuple(message.values()))
    assert answer == (context, compute_root(context, n, totals, tree))


def test_a_tree_of_the_product_is_accepted_by_the_contract(world: World) -> None:
    plain = world.attestation()
    context = Context(
        alg=1,
        measures=4,
        chain_id=world.engine.chain_id,
        contract=bytes.fromhex(world.addresses["PeriodLedger"][2:]),
        org=plain["org"],
        dataset=plain["dataset"],
        period_start=plain["periodStart"],
        period_end=plain["periodEnd"],
        revision=1,
        schema_hash=plain["schemaHash"],
    )
    for size in (1, 2, 3, 7):
        leaves = [Leaf(key_of(f"leaf {i}"), (i, 2**96 - 1, 0, i * i), record_hash(key_of(f"salt {i}"), b"record")) for i in range(size)]
        tree = SumTree.build(context, sorted(leaves, key=lambda leaf: leaf.key))
        message = world.attestation(n=tree.n, totals=list(tree.totals), treeRoot=tree.tree_root, root=tree.root)
        assert world.view("PeriodLedger", "computeRoot", tuple(message.values())) == (context.digest(), tree.root)
        assert world.find_refusal("submit", message, by="approver") is None
    assert message["deadline"] == NEVER
