"""Where the ledger and the reviews are kept: SQLite now, PostgreSQL through the same schema later."""
