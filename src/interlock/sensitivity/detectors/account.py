"""Account numbers, where words tell them. Those of banks and cards have detectors of their own."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Structured
from interlock.sensitivity.told import told

DETECTOR = Structured(
    "account",
    (
        told(
            "account.glued", Label("phi.account"), ("accounts?", "acct", "acct nbr", "accts"), 0.9, glued=True, least=4
        ),
        told(
            "account.told",
            Label("phi.account"),
            (
                "a/c",
                "acc",
                r"acct?\.",
                "(?:guarantor|billing|invoice|statement|cust(?:omer)?|client|loyalty|ledger) ?"
                "(?:id|no|num|number|ref)s?",
                "guarantor",
                "cust(?:omer)?",
                "financial number",
                "fin",
                "har",
            ),
            0.8,
            least=4,
        ),
    ),
    "account numbers, told by words",
)
