"""The forms of telephone numbers, which the detectors of telephone and fax numbers share."""

from __future__ import annotations

import re
from typing import Final

EXTENSION: Final = r"(?:[ ,;]?[ ]?(?:x|ext|ext\.|extn|extension|poste|durchwahl)[ .:]?[ ]?[0-9]{1,6})?"
NORTH_AMERICA: Final = (
    r"(?:(?:\+|00)?1[-. /]?[ ]?)?(?:\([0-9]{3}\)[-. /]?[ ]?|[0-9]{3}[-. /])[0-9]{3}[-. ][0-9]{4}" + EXTENSION
)
INTERNATIONAL: Final = r"(?:\+|00[ ]?)[1-9][0-9]{0,2}(?:[-. /]?[ ]?\(?[0-9]{1,12}\)?)+" + EXTENSION
# Groups of digits with single signs between, the first perhaps in brackets. Each way ends in enough digits that dates
# in figures rarely come to be looked at.
GROUPS: Final = (
    r"(?:\([0-9]{1,5}\)[ -]?[0-9]{2,8}(?:[-. ][0-9]{2,4}){0,3}"
    r"|[0-9]{2,5}[- /.][0-9]{4,8}"
    r"|[0-9]{2,3}(?:[-. ][0-9]{2}){2,4}|0[0-9]{3,4}(?:[-. ][0-9]{2}){3}"
    r"|[0-9]{2,5}[-. /][0-9]{2,4}[-. ][0-9]{3,4}(?:[-. ][0-9]{2,4})?"
    r"|[0-9]{2,5}[-. ][0-9]{3,4}(?:[-. ][0-9]{2,4}){1,3})" + EXTENSION
)

CONTEXT: Final = frozenset(
    {
        "phone",
        "phones",
        "telephone",
        "tel",
        "tél",
        "téléphone",
        "telefon",
        "telefono",
        "teléfono",
        "mobile",
        "mob",
        "mobil",
    }
    | {
        "handy",
        "cell",
        "cellphone",
        "phonenumber",
        "telephonenumber",
        "mobilenumber",
        "mobilephone",
        "homephone",
        "workphone",
        "contactnumber",
        "phoneno",
        "telno",
        "cellular",
        "cel",
        "fax",
        "call",
        "calls",
        "called",
        "calling",
        "callback",
        "call back",
    }
    | {"dial", "dialed", "dialled", "ring", "rang", "reach", "reached", "reachable", "contact", "contacts", "contacted"}
    | {
        "voicemail",
        "pager",
        "page",
        "paged",
        "text",
        "texted",
        "sms",
        "whatsapp",
        "signal",
        "hotline",
        "helpline",
        "ph",
    }
    | {
        "texting",
        "texts",
        "dialing",
        "dialling",
        "phoning",
        "ringing",
        "messaging",
        "message",
        "pls call",
        "number s",
        "my number",
        "her number",
        "his number",
        "our number",
        "number for",
        "sms to",
        "photo to",
        "guardian",
        "line",
    }
    | {"landline", "answering", "phone number", "tel no", "office", "home", "work", "emergency contact", "next of kin"}
    | {
        "switchboard",
        "front desk",
        "telehealth",
        "extension",
        "ext",
        "number is",
        "numéro",
        "rufnummer",
        "caller",
        "msisdn",
    }
)

_DATE = re.compile(
    r"[0-9]{1,2}([-./])[0-9]{1,2}\1(?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}[-./ ][0-9]{1,2}(?:[-./ ][0-9]{1,2})?"
)
_EXTENSION = re.compile(r"[ ,;]*[xepd]", re.IGNORECASE)
_DIGITS = re.compile("[0-9]+")
_GOES_ON = re.compile(r"[-./,:][0-9]|%|[ -]?(?:mg|ml|mcg|kg|cm|mm|usd|eur)\b")
_CODED = re.compile(r"([a-z]{2,12})[-_]\Z")  # `ORD-2026-00912`
_PAIRS = re.compile(r"[0-9]{2} [0-9]{2} [0-9]{2}")
_YEARS = re.compile(r"(?:19|20)[0-9]{2}[-/ ](?:19|20)[0-9]{2}")
_NATIONAL = re.compile(r"\(?0[1-9][0-9]{0,4}\)?[-. /]")


def is_telephone(written: str, before: str, after: str) -> float | None:
    """How much groups of digits look like a telephone number without country code; None when they can't be one.

    Seven to twelve digits without the extension, or three pairs. Dates, years, decimals, pieces of longer numbers
    aren't.
    """
    extension = _EXTENSION.search(written)
    number = written if extension is None else written[: extension.start()]
    groups = _DIGITS.findall(number)
    digits = sum(map(len, groups))
    if (
        not 6 <= digits <= 12
        or (digits == 6 and _PAIRS.fullmatch(number) is None)
        or _DATE.fullmatch(number)
        or _YEARS.fullmatch(number)
    ):
        return None
    if len(groups) > 3 and [int(g) for g in groups] == list(range(int(groups[0]), int(groups[0]) + len(groups))):
        return None  # somebody counts
    if before and (before[-1] in "$€£#" or (before[-1] in "-./,:" and before[-2:-1].isdigit())):
        return None
    coded = _CODED.search(before)
    if _GOES_ON.match(after) or (coded is not None and coded[1] not in CONTEXT):
        return None
    if "." in number and len(groups) == 2:
        return None  # a decimal fraction
    if _NATIONAL.match(number) and digits >= 9:
        return 0.5
    return 0.4 if number[0] == "(" and digits >= 8 else 0.25
