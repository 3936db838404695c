"""Financed emissions of a whole book, exactly: every row equals the reference of its method (ledger.accounting.methods)."""
