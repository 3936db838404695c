"""The people's side of HTTP: what a bank, the centre or an auditor does with a token and, where they sign, a key of their own.

Read http.py (requests, problems), acts.py (signed acts). Nothing here runs on the server.
"""
