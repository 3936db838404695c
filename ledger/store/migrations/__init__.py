"""Migrations: env.py, then versions/ in order; columns_1.py and append_only_1.py are what they share, frozen once released."""
