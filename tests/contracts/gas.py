"""What each function costs in one ordinary use, on eth-tester with fixed keys: exact numbers, kept in contracts/snapshots/gas.json."""

from __future__ import annotations

from tests.contracts.engines import EthTesterEngine
from tests.contracts.scenes import SCENES
from tests.contracts.world import World


def measure() -> dict[str, int]:
    """Return gas used by function, and by deployment."""
    engine = EthTesterEngine()
    city = World(engine)
    city.deploy()
    used = dict(city.gas)
    city.settle()
    kept = engine.keep()
    for scene in SCENES:
        engine.restore(kept)
        world = city.copy()
        message = scene.prepare(world)
        # Windows start from a fixed time, so that no byte of the call data depends on the clock.
        fixed = {"validFrom": 1_800_000_000, "validTo": 1_900_000_000} if scene.function == "issueCertificate" else {}
        fixed |= {"validTo": 4_000_000_000} if scene.function == "endKey" else {}
        used[scene.function] = world.send(scene.function, message | fixed, by=scene.by).outcome.gas_used
    return dict(sorted(used.items()))
