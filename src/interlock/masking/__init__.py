"""Masking: what is sent in place of a value that may not leave. Knows values and types, no protocol.

    plan(outputs, obligations, formats, ...) -> MaskPlan       a mask or None for each column of a result
    Masker(profile, as_of, keys, ...).mask_value(value, ...)   one value of a known type, by a profile's rule
    text.mask(text, findings, masker) -> Masked                what was found in a text
    text.unmask(text, pseudonyms)                              an actor's own pseudonyms, translated inward

Profiles (`profiles/`) are data: label to rule. Rules (`rules/`) are one a file; what they need besides the value (keys,
the day, surrogates) is handed in. Random surrogates are listed (`wanted`), fetched through `ports.SurrogateVault` by
whoever drives, and then applied, so that this package stays pure. What no rule can mask becomes the constant of its
label, or NULL.
"""
