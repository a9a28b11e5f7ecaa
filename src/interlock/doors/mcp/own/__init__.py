"""Interlock's own MCP server, `/mcp/interlock`: agents reach the guarded databases without a driver, and look after
what they wait for.

    run_sql -> a session at the PostgreSQL door, as a client of it -> the one path -> rows as JSON
                                   held -> wait along -> what the gateway's own run gave, or a handle

SQL has no second gate here. A call dials the PostgreSQL door within the process (`doors/inside.py`) and speaks its
protocol with the asker's own credential: the door verifies that anew, and reads, decides, records and masks as it does
for psql. This was chosen over its listening address, which may be bound elsewhere, want TLS or be behind a proxy, and
which would see us as the peer in place of who asks (keys may be bound to addresses and certificates). Each call is a
session of its own, so nothing of one call is there in the next.

What is held is asked for deferred: the gateway runs it once people have signed, and keeps the masked result for its
asker. A client that leaves while it still waits takes its request back; one that was given the id doesn't.

Nothing here votes, comments or changes anything of the gate.
"""
