"""The command `lingtan`: for banks, the centre, librarians and operators. Read app.py, then client.py, then one file per user."""
