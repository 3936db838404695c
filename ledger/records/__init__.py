"""What is recorded: canonical bytes, findings, documents, meter records.

Read canonical.py (bytes), findings.py, organisation.py, activity.py, statement.py, meter_record.py.
"""
