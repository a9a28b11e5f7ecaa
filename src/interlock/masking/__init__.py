"""Masking: what is sent in place of a value that may not leave. Knows values and types, no protocol.

    plan(outputs, obligations, formats) -> MaskPlan: for each column a mask or None, and its labels for counting

The rules here put one constant in a column. Rules that depend on the value (ZIP codes cut to three digits, dates
shifted) and keyed tokens that stay equal for equal values (`MRN_7Q4K2`) come as further files in `rules/`, chosen by
`plan`; their keys and surrogates will be parameters, listed by the plan and fetched by the gate, so that this package
stays pure.
"""
