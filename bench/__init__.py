"""Benchmarks against the budgets of the design: `make bench`, or `python -m bench [NAME ...]`.

One file a benchmark, each with a real server, its peers in the same run. What is measured, and how to read it, is in
docs/reference/benchmarks.md.
"""
