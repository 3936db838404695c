"""From another house's file of readings, by a map that says what stands where, to exact quarter-hours (spec: meter-import).

Read meter_map.py (what a map says), packed.py and source.py (CSV as rows), parquet_source.py, nem12.py and espi.py (other files as rows),
shape.py (which rows and columns count), texts.py and unit_table.py (a text's exact value), stamps.py (a text's instant), columns.py and
collect.py (rows as columns of codes), local_time.py, grid.py and assembly.py (meter by meter: clock changes, order, repeats, gaps, slots),
result.py (totals), reading.py (all of it), guess.py with guess_table.py and guess_time.py (a draft map), canonical.py (our own files).
"""
