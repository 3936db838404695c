"""Problem details (RFC 9457) for every answer that is not a success.

Reading order: `catalogue` (every kind of problem, in two languages), `refusal` (the API's own errors), `mapping` (which error is which
kind: the one table), `fields` (errors of single fields), `document` (the answer), `handlers` (where the framework's errors become ours),
`pages` (what `type` points to).
"""
