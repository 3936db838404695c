"""Tables of financed emissions for disclosure: PCAF, Jiangsu, JR/T 0227, IFRS S2, 碳减排贷款 (spec: financed-input §8).

In reading order: `figures` (what tables are made from), `labels` (names in two languages), `tables` (what a table is), one file for each
kind of table, `registry` (which there are). Values only: ledger.workbook writes them to files.
"""
