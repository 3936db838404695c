"""The HTTP surface: the only room that knows HTTP.

Reading order: `app` (how it is put together), `operation` (what every route declares), `call` (what every handler gets), `bodies`,
`paging`, `problems/`, `auth/`, `schemas/`, `routes/`. The rules for a caller stand in docs/api.md.
"""
