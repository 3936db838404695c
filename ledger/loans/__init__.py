"""Loan books: columns, reading with findings, pseudonyms, one exposure as exact values (spec: loan-book).

In reading order: exposure.py and columns.py (what a row is), head.py, book.py (a book in memory); reading.py → csv_source.py → assembly.py
(a file becomes columns) with cell.py (one cell, slow and obvious), convert.py (whole columns at once), checks.py (what several cells show)
and faults.py (findings by row and column); pseudonyms.py; synthetic.py with synthetic_tables.py (a book made up).
"""
