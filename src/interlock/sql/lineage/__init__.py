"""Column lineage: which stored columns each output of a statement comes from, what it tests, and what it writes.

An analyser of ours over libpg_query's tree, modelled on PostgreSQL's parse analysis: range-table entries, target lists,
joins, set operations, scopes. What it can't follow is opaque, with the reason; it is never left out.
"""
