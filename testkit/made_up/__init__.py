"""Made-up texts with every identifier in them marked: what detection is measured on, beside texts of other origin.

prose(seed, count), notes(...), questions(...), tables(...), clean(...) -> sequence of `Marked`
"""
