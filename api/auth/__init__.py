"""Who may do what: `policy` is the one table of route × role × tenant, `tokens` turns a bearer token into an actor, `gate` applies both."""
