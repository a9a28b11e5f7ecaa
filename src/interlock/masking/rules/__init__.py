"""One rule a file: what a value becomes.

Rules for columns take and give bytes (`Replacement`, and classes beside it that a wire calls); rules for values take
and give Python values (`rule.Rule`), and `by_profile.py` puts them on a column.
"""
