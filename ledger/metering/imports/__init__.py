"""From another house's file of readings, by a map that says what stands where, to exact quarter-hours (spec: meter-import).

Read map_words.py and meter_map.py (what a map says); packed.py and source.py (CSV as rows), parquet_source.py, nem12.py and espi.py (other
files as rows), shape.py (which rows and columns count); unit_table.py, texts.py and row_scale.py (a text's exact value), numbered_stamps.py
and stamps.py (a text's stamp), columns.py and collect.py (rows as columns of codes); then meter by meter: part.py, local_time.py and
wall_clock.py (instants), sieve.py (order, repeats, what is refused), grid.py and assembly.py (gaps, slots), register_energy.py; result.py
(totals), canonical.py (our own files), reading.py (all of it); guess_table.py, guess_time.py and guess.py (a draft map).
"""
