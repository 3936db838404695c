"""The session as the rooms above see it: they pass it on and never speak SQL with it."""

from sqlmodel import Session

__all__ = ["Session"]
