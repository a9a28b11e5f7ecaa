"""Masking: what is sent in place of a value that may not leave. Knows values and types, no protocol.

    plan(outputs, obligations, formats, pseudonyms, content) -> MaskPlan: for each column a mask or None, and its labels

Most rules put one constant in a column; pseudonyms stay equal for equal values, and their key is handed in. Rules that
depend on the value otherwise (ZIP codes cut to three digits, dates shifted) come as further files in `rules/`, chosen
by `plan`; their surrogates will be parameters, listed by the plan and fetched by the gate, so that this package stays
pure.
"""
