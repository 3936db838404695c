"""What bank staff fill in: xlsx workbooks and CSV tables, made from a release and read back with findings by cell.

Read grid.py (cells), tables.py (columns), safety.py and sheets.py (a workbook's bytes), rows.py (rows to document items), reading.py,
template.py, csv_twin.py, organisation_sheet.py. Nothing here writes to the store.
"""
