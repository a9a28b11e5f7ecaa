"""Banks: US routing numbers (ABA), account numbers where words tell, sort codes, BIC (ISO 9362)."""

from __future__ import annotations

import re
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import told_number
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_ROUTING: Final = ("routing", "aba", "rtn", "transit", "routing number", "aba number", "routing no")
_BIC: Final = ("bic", "swift", "(?:swift|bic) code", "bank identifier(?: code)?", "swift/bic", "bic/swift")
_COUNTRIES: Final = frozenset(
    re.findall(
        "..",
        (
            "ADAEAFAGALAMAOARATAUAZBABBBDBEBFBGBHBJBMBNBOBRBSBWBYBZCACDCGCHCICLCMCNCOCRCUCVCYCZDEDJDKDODZECEEEGES"
            "ETFIFJFOFRGAGBGEGHGIGLGMGNGRGTGYHKHNHRHTHUIDIEILIMINIQIRISITJEJMJOJPKEKGKHKRKWKYKZLALBLILKLTLULVLYMA"
            "MCMDMEMGMKMLMMMNMOMRMTMUMVMWMXMYMZNANENGNINLNONPNZOMPAPEPGPHPKPLPRPSPTPYQARORSRURWSASCSDSESGSISKSLSM"
            "SNSRSVSYTGTHTJTMTNTRTTTWTZUAUGUSUYUZVAVEVGVNXKYEZAZMZW"
        ),
    )
)


def is_routing(digits: str) -> bool:
    """Weights 3, 7, 1 modulo 10, and a first pair that the Federal Reserve gives out."""
    first = int(digits[:2])
    given_out = 1 <= first <= 12 or 21 <= first <= 32 or 61 <= first <= 72 or first == 80
    return given_out and weighted(digits, (3, 7, 1) * 3) % 10 == 0


def _account(candidate: Candidate) -> Verdict | None:
    found = re.search(r"[0-9][0-9 -]*[0-9]$", candidate.matched)
    if found is None or re.match(r"(?:19|20)[0-9]{2}-[01][0-9]-", found[0]):
        return None
    return Verdict(0.93, "behind words of bank accounts", found.start())


def is_bic(text: str) -> bool:
    """Four letters of a bank, a country, two signs of a place."""
    return text[4:6] in _COUNTRIES


def _bic(candidate: Candidate) -> Verdict | None:
    written = candidate.matched
    return Verdict(0.8, "country, told by words") if written.isupper() and is_bic(written) else None


def _sort_code(candidate: Candidate) -> Verdict | None:
    return Verdict(0.93, "behind words of sort codes", len(candidate.matched) - 8)


DETECTOR = Structured(
    "bank",
    (
        told_number(
            "bank.routing", r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]", Label("pci.routing"), is_routing, 0.93, _ROUTING
        ),
        Pattern(
            "bank.account",
            r"(bank|checking|savings|deposit|giro|current|iban|konto)[ _-]?(account|acct|a/c|acc|konto)?[ _.-]*"
            r"(number|num|no|nr|nbr|#)?[ _.]*[\"':=#|,\t ]+(is |are |ending in )?[\"']?[0-9]([ -]?[0-9]){5,16}",
            Label("pci.bank_account"),
            0.93,
            Beside.WORD,
            _account,
            ignore_case=True,
        ),
        Pattern(
            "bank.sort_code",
            r"sort[ _-]?code[\"':=#|,\t ]+(is )?[\"']?[0-9]{2}[- ][0-9]{2}[- ][0-9]{2}",
            Label("pci.routing"),
            0.93,
            Beside.WORD,
            _sort_code,
            ignore_case=True,
        ),
        told(
            "bank.bic",
            Label("pci.bic"),
            _BIC,
            0.8,
            least=0,
            check=_bic,
            value="[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
        ),
    ),
    "bank routing and account numbers, sort codes, BIC",
)
