"""Lingtan's ledger: measure, account, anchor.

Read in the order of the rooms: errors, units, identifiers, clock, records, merkle, indicators, metering, accounting,
store, chain, services. Imports go one way only, from the last to the first.
"""

__version__ = "0.1.0"
