"""Chores: each has --help, and each generator has --check."""
