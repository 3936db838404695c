"""What is read and written, one module per room: institutions, periods, metering, library, participants, statements, attestations, claims.

Each function takes the session of a unit of work (or of a reading). `get_` raises NotFound, `find_` may return None, `list_` pages by key
and leaves large bytes out, `add_` writes. Hashes are computed here from the bytes that are stored, never taken from the caller.
"""
