"""The public inventory command: one JSON file in, lines, totals, findings and analysis out (spec: docs/spec/inventory-input.md).

In reading order: `text` (JSON with exact fractions), `plain` and `places` (what people write, and where), `organisation`, `library`,
`period`, `meters`, `policies` (the parts of the input), `reading` (all of it), `run` (compute), `document` (the answer).
"""

from ledger.accounting.inventory.document import inventory_document, refused_document
from ledger.accounting.inventory.reading import InventoryInput, read_inventory
from ledger.accounting.inventory.run import InventoryResult, compute_inventory
from ledger.accounting.inventory.text import load_inventory

__all__ = [
    "InventoryInput",
    "InventoryResult",
    "compute_inventory",
    "inventory_document",
    "load_inventory",
    "read_inventory",
    "refused_document",
]
