"""Spoil good bundles in every way that the design names, each from a seed: what two verifiers must judge alike."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.verifier import bundle_world as bw
from tests.verifier.bank import ROOT, raw_public, sid
from tests.verifier.bundle_mutations import MUTATIONS, jcs, put, spoil_bytes

COMPAT = ROOT / "tests/compat"
HOUSE_KEY = Ed25519PrivateKey.from_private_bytes(sid("test-key", "policy"))
KEY = raw_public(bw.POLICY_KEYS[0]).hex()


@dataclass(frozen=True)
class Case:
    """One question to a verifier: the bytes, whom to trust, and the clock."""

    name: str
    bundle: bytes
    policy: bytes | None
    policy_key: str | None = KEY
    now: int = bw.NOW
    consistency: bytes | None = None


@dataclass(frozen=True)
class Base:
    """A good bundle, its unsigned policy, and the world that it is of (none: a real house, whose policy keys are elsewhere)."""

    name: str
    document: Any
    policy: Any
    now: int = bw.NOW
    world: bw.World | None = None
    sign: Callable[[Any], Any] = bw.sign_policy
    policy_key: str = KEY

    def case(self, name: str, document: Any = None, policy: Any = None, **more: Any) -> Case:
        bundle = jcs(self.document if document is None else document)
        signed = jcs(self.sign(self.policy if policy is None else policy))
        return Case(f"{self.name}: {name}", bundle, signed, **{"policy_key": self.policy_key, "now": self.now, **more})


WORLDS = {
    "embedded": bw.Options(),
    "sealed": bw.Options(qbft=True),
    "pinned": bw.Options(pinned=6, certificate=False, verdicts=2, required=2, revision=2),
    "grown": bw.Options(pinned=4, log_size=13),
}
MAKERS: dict[str, bw.Maker] = {
    "statement": bw.make_statement,
    "statement with inputs": bw.make_statement_with_inputs,
    "line": bw.make_line,
    "two lines": bw.make_two_lines,
    "meter": bw.make_meter,
    "named meter": bw.make_named_meter,
    "group": bw.make_group,
    "erased group": bw.make_erased_group,
    "reductions": bw.make_reductions,
    "claim": bw.make_claim,
    "claim with inputs": bw.make_claim_with_inputs,
}
# Worlds that are odd in one thing, which every signature and proof in them says.
ODD_WORLDS = {
    "revoked": bw.Options(certificate_status=3),
    "suspended": bw.Options(certificate_status=2),
    "certificate of another state": bw.Options(certificate_status=9),
    "certificate over": bw.Options(window=(bw.BLOCK_TIME - 10, bw.BLOCK_TIME + 1)),
    "certificate to come": bw.Options(window=(bw.BLOCK_TIME + 10**6, bw.BLOCK_TIME + 10**7)),
    "disputed": bw.Options(certificate=False, state=4),
    "rejected": bw.Options(certificate=False, state=3, opinion=3),
    "submitted": bw.Options(certificate=False, verdicts=0),
    "certified without a certificate": bw.Options(certificate=False, state=5),
    "a certificate, not certified": bw.Options(state=2),
    "adverse, certified": bw.Options(opinion=3),
    "qualified": bw.Options(opinion=2),
    "one verdict of two": bw.Options(required=2),
    "three required": bw.Options(required=3),
    "two keys of one verifier": bw.Options(required=2, verdicts=2, verifier_orgs=("gfc", "gfc")),
    "two verifiers": bw.Options(required=2, verdicts=2),
    "its own verifier": bw.Options(verifier_orgs=("bank-a", "auditors")),
    "certified by its verifier": bw.Options(certifier=bw.VERIFIERS[0]),
    "unwitnessed": bw.Options(witnesses=0),
    "one witness": bw.Options(witnesses=1),
    "all witnesses": bw.Options(witnesses=3),
    "cosigned long ago": bw.Options(cosigned_at=bw.NOW - 40 * 86_400),
    "cosigned ahead": bw.Options(cosigned_at=bw.NOW + 301),
    "cosigned beyond time": bw.Options(cosigned_at=2**63),
    "two seals": bw.Options(qbft=True, sealers=2),
    "four seals": bw.Options(qbft=True, sealers=4),
    "status block not the newest": bw.Options(log_size=12),
}


def bases() -> list[Base]:
    """Every kind of bundle of every good world, and a claim of each odd one."""
    found = []
    for name, options in WORLDS.items():
        world = bw.World(options)
        found += [Base(f"{name} {kind}", make(world), world.policy(), world=world) for kind, make in MAKERS.items()]
    for name, options in ODD_WORLDS.items():
        world = bw.World(options)
        found.append(Base(name, bw.make_claim(world), world.policy(), world=world))
    return found


def kept() -> list[Base]:
    """The bundles that the house itself made and keeps (tests/compat), with the policies and clocks that they are kept with."""
    found = []
    for folder in sorted(path for path in COMPAT.iterdir() if (path / "expected.json").is_file()):
        facts = json.loads((folder / "expected.json").read_bytes())
        if facts["policy_key"] != HOUSE_KEY.public_key().public_bytes_raw().hex():
            continue
        for answer in facts["answers"]:
            document = json.loads((folder / f"{answer['bundle']}.lingtan.json").read_bytes())
            policy = json.loads((folder / f"{answer['policy']}.policy.json").read_bytes())
            name = f"house {answer['bundle']} {answer['policy']}"
            found.append(Base(name, document, policy, answer["now"], None, _sealed, facts["policy_key"]))
    return found


def _sealed(body: Any) -> Any:
    return bw.sign_policy(body, [HOUSE_KEY])


def policy_mutation(rng: random.Random, base: Base) -> tuple[str, Any]:
    """A policy that trusts otherwise."""
    policy = base.policy
    keys, contracts, validators = policy["keys"], policy["contracts"], policy["validators"]
    at = rng.randrange(len(keys))
    contract = rng.choice(sorted(contracts))
    name = rng.choice(sorted(policy["schemas"]))
    ways: list[tuple[str, Callable[[], Any]]] = [
        ("key removed", lambda: put(policy, ("keys",), keys[:at] + keys[at + 1 :])),
        (
            "key ended",
            lambda: put(policy, ("keys", at, "valid_to"), rng.choice(["2025-01-02T00:00:00Z", "2025-04-07T04:26:43Z", str(base.now)])),
        ),
        ("key begins", lambda: put(policy, ("keys", at, "valid_from"), rng.choice(["2025-12-01T00:00:00Z", str(bw.BLOCK_TIME + 4)]))),
        ("key of another role", lambda: put(policy, ("keys", at, "role"), rng.choice(["approver", "verifier", "certifier", "logkeeper"]))),
        ("key of another institution", lambda: put(policy, ("keys", at, "institution"), rng.choice(["bank-a", "gfc", "bank-b"]))),
        ("contract removed", lambda: put(policy, ("contracts",), {k: v for k, v in contracts.items() if k != contract})),
        ("other address", lambda: put(policy, ("contracts", contract, "address"), "0x" + "dd" * 20)),
        ("other code", lambda: put(policy, ("contracts", contract, "code_hash"), "00" * 32)),
        ("no slots", lambda: put(policy, ("contracts", contract, "slots"), {})),
        ("other slots", lambda: put(policy, ("contracts", contract, "slots"), {"records": 1, "claims": 5, "certificates": None})),
        ("other schema", lambda: put(policy, ("schemas", name), "00" * 32)),
        ("no schema", lambda: put(policy, ("schemas",), {k: v for k, v in policy["schemas"].items() if k != name})),
        ("no library", lambda: put(policy, ("libraries",), ["00" * 32])),
        ("expired", lambda: put(policy, ("expires",), rng.choice(["2025-02-01T00:00:00Z", "2025-02-30T00:00:00Z", None]))),
        ("issued later", lambda: put(policy, ("issued",), rng.choice(["2099-01-01T00:00:00Z", "2025-13-01T00:00:00Z"]))),
        ("other chain", lambda: put(policy, ("chain", "id"), 5)),
        ("other kind", lambda: put(policy, ("chain", "kind"), rng.choice(["embedded", "qbft", "test"]))),
        ("no checkpoint", lambda: put(policy, ("checkpoint",), None)),
        ("no witnesses", lambda: put(policy, ("witnesses",), None)),
        ("threshold", lambda: put(policy, ("signers", "threshold"), rng.choice([1, 2, 3, 4]))),
        ("max age", lambda: put(policy, ("max_age",), rng.choice([None, 0, 1, 99, 100, 101, 10**9]))),
        ("slots of no kind", lambda: put(policy, ("contracts", contract, "slots"), {"odd": 1})),
    ]
    if policy["checkpoint"] is not None and base.world is not None:
        pinned = rng.choice([3, 6, base.world.options.log_size])
        stranger = bw.witness_key(*bw.STRANGER)
        ways += [
            ("pinned elsewhere", lambda: put(policy, ("checkpoint", "pinned"), base.world.checkpoint(pinned, {}))),  # type: ignore[union-attr]
            ("pinned badly", lambda: put(policy, ("checkpoint", "pinned"), "x\n1\ny\n\n")),
            ("other origin", lambda: put(policy, ("checkpoint", "origin"), "lingtan/1/00")),
            ("other log key", lambda: put(policy, ("checkpoint", "vkey"), bw.vkey(bw.STRANGER[1], bw.ORIGIN)[0])),
            ("spoiled log key", lambda: put(policy, ("checkpoint", "vkey"), policy["checkpoint"]["vkey"][:-4])),
        ]
        if policy["witnesses"] is not None:
            ways += [
                ("quorum", lambda: put(policy, ("witnesses", "quorum"), rng.choice([1, 2, 3, 4]))),
                ("witness removed", lambda: put(policy, ("witnesses", "keys"), policy["witnesses"]["keys"][1:])),
                ("witness added", lambda: put(policy, ("witnesses", "keys"), [*policy["witnesses"]["keys"], stranger])),
                ("witness twice", lambda: put(policy, ("witnesses", "keys"), policy["witnesses"]["keys"] * 2)),
            ]
    if validators:
        own = validators[0]["addresses"]
        ways += [
            ("other validators", lambda: put(policy, ("validators", 0, "addresses"), [*own[:3], "0x" + "99" * 20])),
            ("fewer validators", lambda: put(policy, ("validators", 0, "addresses"), own[: rng.randrange(4)])),
            ("validators of other blocks", lambda: put(policy, ("validators", 0, "from"), rng.choice([3, 4, 100]))),
            ("validators to a block", lambda: put(policy, ("validators", 0, "to"), rng.choice([2, 3, 5, 8]))),
            ("no validators", lambda: put(policy, ("validators",), None)),
            (
                "validators in two ranges",
                lambda: put(
                    policy, ("validators",), [{"from": 5, "addresses": own}, {"from": 0, "to": rng.choice([4, 5]), "addresses": own}]
                ),
            ),
            ("validators twice", lambda: put(policy, ("validators", 0, "addresses"), [*own, own[0]])),
        ]
    what, change = rng.choice(ways)
    return what, change()


def spoiled_policy(rng: random.Random, base: Base) -> tuple[str, bytes | None]:
    """A policy by its purpose, or signed wrongly, or spoiled like a document, or none."""
    chance = rng.random()
    if chance < 0.04:
        return "no policy", None
    if chance < 0.6:
        what, body = policy_mutation(rng, base)
        return f"policy, {what}", jcs(base.sign(body))
    signed = base.sign(base.policy)
    if chance < 0.7:
        return "policy, signatures", jcs(
            put(signed, ("signatures",), rng.choice([signed["signatures"][:1], [], signed["signatures"][::-1]]))
        )
    if chance < 0.75:
        return "policy, bytes", spoil_bytes(rng, jcs(signed))
    name = rng.choice(
        [key for key in MUTATIONS if key not in ("move sums", "tree", "record", "rlp", "seals", "note", "withhold", "signature")]
    )
    changed = MUTATIONS[name](rng, signed if chance < 0.85 else base.policy)
    if changed is None or not isinstance(changed, dict):
        return "policy, expired", jcs(base.sign(put(base.policy, ("expires",), "2025-02-01T00:00:00Z")))
    return f"policy, {name}", jcs(changed if chance < 0.85 else base.sign(changed))


def spoiled_setting(rng: random.Random, base: Base) -> Case:
    """The clock and the key that the reader gives."""
    fingerprint = hashlib.sha256(bytes.fromhex(base.policy_key)).hexdigest()
    grouped = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    encoded = base64.b64encode(bytes.fromhex(base.policy_key)).decode()
    keys = [
        None,
        "",
        "00" * 32,
        fingerprint,
        "sha256:" + grouped,
        "0x" + base.policy_key,
        f" {encoded} ",
        f"{base.policy_key},{fingerprint}",
        f"{base.policy_key},x",
    ]
    if rng.random() < 0.6:
        return base.case("policy key", policy_key=rng.choice(keys))
    times = [0, base.now - 86_400 * 365, base.now + 86_400 * 29, base.now + 86_400 * 31, base.now + 10**9, base.now - 402, base.now - 400]
    return base.case("clock", now=rng.choice(times))


def spoiled(rng: random.Random, chosen: list[Base]) -> Case:
    """One case: a base with one mutation, seldom two, seldom of the policy, the clock or the key."""
    base = rng.choice(chosen)
    chance = rng.random()
    if chance < 0.06:
        return spoiled_setting(rng, base)
    if chance < 0.22:
        name, policy = spoiled_policy(rng, base)
        return replace(base.case(name), policy=policy)
    if chance < 0.34:
        case = base.case("bytes")
        return replace(case, bundle=spoil_bytes(rng, case.bundle))
    document, names = base.document, []
    for _ in range(2 if chance > 0.92 else 1):
        for _ in range(20):
            name = rng.choice(list(MUTATIONS))
            try:
                changed = MUTATIONS[name](rng, document)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                changed = None  # the first of two mutations left nothing for this one to understand
            if changed is not None:
                document, names = changed, [*names, name]
                break
    return base.case(" and ".join(names), document)


def cases(seed: int, count: int, chosen: list[Base]) -> Iterator[Case]:
    """Yield every base as it is, then `count` spoiled ones."""
    rng = random.Random(seed)
    yield from (base.case("as it is") for base in chosen)
    for _ in range(count):
        yield spoiled(rng, chosen)
