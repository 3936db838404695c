"""From another house's file of readings, by a map that says what stands where, to exact quarter-hours (spec: meter-import).

Read meter_map.py (what a map says), source.py (CSV as rows), parquet_source.py (Parquet as rows), texts.py (a text's exact value),
stamps.py (a text's instant), collect.py (rows as columns of codes), local_time.py, grid.py and assembly.py (meter by meter: clock
changes, order, repeats, gaps, slots), result.py (totals), reading.py (all of it), guess.py (a draft map), canonical.py (our own files).
"""
