"""International bank account numbers (ISO 13616): a country, its length, MOD 97-10."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import mod_97
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

# SWIFT's IBAN registry, release 99: country and length.
_REGISTRY: Final = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
    IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
    NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
    SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS: Final = {pair[:2]: int(pair[2:]) for pair in _REGISTRY.split()}
_COUNTRIES: Final = (
    r"A[DELTZ]|B[AEGHIRY]|C[HRYZ]|D[EJKO]|E[EGS]|F[IKOR]|G[BEILRT]|H[NRU]|I[ELQST]|"
    r"J[O]|K[WZ]|L[BCITUVY]|M[CDEKNRTU]|N[ILO]|O[M]|P[KLST]|Q[A]|R[OSU]|S[ACDEIKMOTV]|"
    r"T[LNR]|U[A]|V[AG]|X[K]|Y[E]"
)
_GROUPS: Final = " -."
_TOGETHER: Final = str.maketrans("", "", _GROUPS)


def _iban(candidate: Candidate) -> Verdict | None:
    text = candidate.matched.upper()
    length = _LENGTHS.get(text[:2])
    if length is None:
        return None
    end = _end_of(text, length)
    if end is None or not mod_97(text[:end].translate(_TOGETHER)):
        return None
    return Verdict(0.98, "country, length, MOD 97-10", 0, end)


def _end_of(text: str, length: int) -> int | None:
    """Where the letters and digits of an IBAN end: what follows may be the next word, behind a space alone."""
    seen = 0
    for place, char in enumerate(text):
        seen += char not in _GROUPS
        if seen == length:
            rest = text[place + 1 : place + 2]
            return place + 1 if not rest.isalnum() else None
    return None


def _behind_word(candidate: Candidate) -> Verdict | None:
    """Behind the word: whatever its check digits, since numbers are mistyped. It ends where the country's do."""
    text = candidate.matched.upper()
    length = _LENGTHS.get(text[:2])
    end = _end_of(text, length) if length is not None else None
    if end is not None:
        return Verdict(0.8, "country, length, told by words", 0, end)
    # Of another length: up to the last group with a digit in it.
    last = max(place for place, char in enumerate(text) if char.isdigit())
    rest = re.match("[A-Z]*", text[last + 1 :])
    return Verdict(0.65, "told by words", 0, last + 1 + (rest.end() if rest is not None else 0))


_WORDS: Final = frozenset(
    (
        "iban",
        "bank",
        "account",
        "acct",
        "payment",
        "transfer",
        "beneficiary",
        "payee",
        "konto",
        "sepa",
        "bic",
        "swift",
        "debit",
        "remit",
    )
)
_BANK: Final = re.compile(r"[A-Za-z]{2}[0-9]{2}[A-Za-z]{4}")


def _unchecked(candidate: Candidate) -> Verdict | None:
    return Verdict(0.6 if _BANK.match(candidate.matched) else 0.45, "form")


DETECTOR = Structured(
    "iban",
    (
        Pattern(
            "iban.form",
            rf"({_COUNTRIES})[0-9]{{2}}([A-Z0-9]{{11,30}}|([ .-][A-Z0-9]{{4}}){{2,7}}([ .-][A-Z0-9]{{1,3}})?)",
            Label("pci.iban"),
            0.98,
            Beside.WORD,
            _iban,
            ignore_case=True,
        ),
        Pattern(
            # With check digits that fail, or of a country that gives out none: mistyped, or made up.
            "iban.unchecked",
            r"[A-Z]{2}[0-9]{2}([A-Z]{4})?[0-9]{10,26}",
            Label("pci.iban"),
            0.45,
            Beside.WORD,
            _unchecked,
            _WORDS,
            ignore_case=True,
        ),
        told(
            "iban.told",
            Label("pci.iban"),
            ("ibans?(?: ?(?:no|number|nr|code))?", "international bank account number"),
            0.8,
            least=8,
            check=_behind_word,
            value="[A-Z]{2}[0-9]{2}(?:[ .-]?[A-Z0-9]{1,6}){2,9}",
        ),
    ),
    "IBAN",
)
