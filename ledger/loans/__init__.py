"""Loan books: columns, reading with findings, pseudonyms, one exposure as exact values (spec: loan-book)."""
