"""From a file of readings to meter-days and meter records.

Read csv_source.py (the file), csv_runs.py and csv_block.py (its fast strict paths), csv_line.py (its slow explaining path),
imports/ (files of other houses, by a map), archive.py (records packed for keeping), meter_day.py (days and
records), checks.py (what an assembled record shows), finding_list.py.
"""
