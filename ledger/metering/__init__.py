"""From a file of readings to meter-days and meter records.

Read csv_source.py (the file), csv_block.py (its fast strict path), csv_line.py (its slow explaining path), meter_day.py (days and
records), checks.py (what an assembled record shows), finding_list.py.
"""
