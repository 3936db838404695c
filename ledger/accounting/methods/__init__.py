"""Accounting methods, one folder each. A folder never changes once a statement was signed with it; a new version is a new folder."""
