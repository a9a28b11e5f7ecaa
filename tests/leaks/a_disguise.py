"""Values in disguise: kinds of values in a sentence each, and the ways in which they are written otherwise."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus


@dataclass(frozen=True, slots=True)
class Canary:
    """A value, and what stands around it in a sentence that tells of its kind."""

    before: str
    value: str
    after: str


CANARIES: Final[Mapping[str, Canary]] = {
    "ssn": Canary("Her SSN is ", "402-19-8877", ", she said."),
    "card": Canary("Card ", "4556 7375 8689 9855", " was charged."),
    "phone": Canary("Call ", "(415) 555-0137", " after five."),
    "email": Canary("Write to ", "mary.kowalski@clinicmail.org", " today."),
    "mrn": Canary("MRN ", "00482913", " was discharged."),
    "name": Canary("Seen with Dr. ", "Alice Moreno", " at noon."),
    "aws": Canary("key ", "AKIAQ3EGVT6ZK2WPMX7D", " leaked"),
    "github": Canary("token ", "ghp_k3Jx9QwZr7TbVn2LmYc5UaHd8GsPf4EoWi6R", " leaked"),
    "password": Canary("password = ", "Tr0ub4dor&3x", " for the db"),
}

_WORDS: Final = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_WIDE: Final = {code: code - 0x21 + 0xFF01 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_CYRILLIC: Final = str.maketrans("aeocpxyiAKMTEHBO", "аеосрхуіАКМТЕНВО")


def _between(sign: str) -> Callable[[str], str]:
    return lambda value: sign.join(value)


def _for_joints(sign: str) -> Callable[[str], str]:
    return lambda value: value.replace("-", sign).replace(" ", sign)


def _for_hyphens(sign: str) -> Callable[[str], str]:
    return lambda value: value.replace("-", sign)


def _digits(written: str) -> Callable[[str], str]:
    return lambda value: value.translate(str.maketrans("0123456789", written))


def _each(form: str) -> Callable[[str], str]:
    return lambda value: "".join(form.format(ord(c)) for c in value)


def _encoded(encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda value: encode(value.encode()).decode()


def _spelled(value: str) -> str:
    return " ".join(_WORDS[int(c)] for c in value if c.isdigit())


def _in_the_middle(sign: str) -> Callable[[str], str]:
    return lambda value: f"{value[: len(value) // 2]}{sign}{value[len(value) // 2 :]}"


DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    # digits, hyphens, spaces
    "full width": lambda value: value.translate(_WIDE),
    "Arabic-Indic digits": _digits("٠١٢٣٤٥٦٧٨٩"),
    "superscripts": _digits("⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "mathematical digits": _digits("".join(chr(0x1D7CE + n) for n in range(10))),
    "digits in circles": _digits("⓪①②③④⑤⑥⑦⑧⑨"),
    "keycaps": lambda value: "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in value),
    "letters for digits": lambda value: value.replace("0", "O").replace("1", "l"),
    **{f"hyphen {ord(c):04x}": _for_hyphens(c) for c in "\u2010\u2011\u2013\u2014\u2212\u2043\u30fb\u00b7\u30fc\u2500"},
    "two hyphens": _for_hyphens("--"),
    "hyphens with spaces": _for_hyphens(" - "),
    "no separators": lambda value: value.replace("-", "").replace(" ", ""),
    **{f"joined by {c!r}": _for_joints(c) for c in ("\u00a0", "\u2009", ".", " ", "_", "/", ",", "\t", "\n", "+")},
    "broken over lines behind hyphens": _for_hyphens("-\r\n"),
    "broken over lines": _in_the_middle("\n"),
    "broken as mail breaks it": _in_the_middle("=\r\n"),
    # between all characters
    **{
        f"with {ord(c):04x} between": _between(c)
        for c in "\u200b\u200d\ufeff\u2060\u00ad\u200e\u034f\ufe0f\u3164\U000e0041\x00\x07\x08\x7f\x80\u20dd"
    },
    "combining marks": _between("\u0301"),
    "spaces between": _between(" "),
    "dots between": _between("."),
    "hyphens between": _between("-"),
    "commas between": _between(", "),
    "lines between": _between("\n"),
    # direction, look
    "overridden and backwards": lambda value: f"\u202e{value[::-1]}\u202c",
    "overridden": lambda value: f"\u202e{value}\u202c",
    "isolated": lambda value: f"\u2067{value}\u2069",
    "Cyrillic letters": lambda value: value.translate(_CYRILLIC),
    "one Cyrillic letter": lambda value: value.replace("a", "а", 1).replace("A", "А", 1),
    "decomposed": lambda value: unicodedata.normalize("NFD", value),
    "upper case": str.upper,
    "lower case": str.lower,
    # spelled
    "digits spelled out": _spelled,
    "digits spelled with hyphens": lambda value: _spelled(value).replace(" ", "-"),
    "digits spelled in capitals": lambda value: _spelled(value).upper(),
    # escapes
    "JSON escapes": _each("\\u{:04x}"),
    "JSON escapes, twice": _each("\\\\u{:04x}"),
    "C escapes": _each("\\x{:02x}"),
    "octal escapes": _each("\\{:03o}"),
    "escapes in braces": _each("\\u{{{:x}}}"),
    "long escapes": _each("\\U{:08x}"),
    "address escapes": _each("%{:02X}"),
    "address escapes in lower case": _each("%{:02x}"),
    "address escapes, twice": _each("%25{:02X}"),
    "address escapes of UTF-16": _each("%u{:04x}"),
    "address escapes where needed": lambda value: quote(value, safe=""),
    "form escapes": quote_plus,
    "entities": _each("&#{:d};"),
    "entities in hexadecimal": _each("&#x{:x};"),
    "entities with zeros": _each("&#{:07d};"),
    "entities without an end": _each("&#{:d}"),
    "entities where needed": lambda value: html.escape(value).replace("-", "&hyphen;").replace("@", "&commat;"),
    "soft hyphens as entities": _between("&shy;"),
    "zero-width spaces as entities": _between("&#8203;"),
    "quoted-printable": _each("={:02X}"),
    "colours of a terminal": lambda value: f"{value[:2]}\x1b[31m{value[2:4]}\x1b[0m{value[4:]}",
    "mark-up inside": lambda value: f"{value[:2]}<b>{value[2:4]}</b>{value[4:]}",
    "Markdown inside": lambda value: f"{value[:2]}**{value[2:4]}**{value[4:]}",
    "joined literals": lambda value: f"{value[:4]}' + '{value[4:]}",
    # encodings
    "base64": _encoded(base64.b64encode),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(f"of {value}".encode()).decode().rstrip("="),
    "base64 twice": lambda value: base64.b64encode(base64.b64encode(value.encode())).decode(),
    "base64 of UTF-16": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "base64 of more": lambda value: base64.b64encode(f"patient note: {value} end".encode()).decode(),
    "base32": _encoded(base64.b32encode),
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal in capitals": lambda value: value.encode().hex().upper(),
    "hexadecimal with 0x": lambda value: f"0x{value.encode().hex()}",
    "hexadecimal as PostgreSQL has it": lambda value: f"\\x{value.encode().hex()}",
    "hexadecimal with spaces": lambda value: value.encode().hex(" "),
    "hexadecimal with colons": lambda value: value.encode().hex(":"),
    "bytes in hexadecimal": lambda value: ", ".join(f"0x{ord(c):02x}" for c in value),
    "codes of characters": lambda value: ", ".join(str(ord(c)) for c in value),
    "bits": lambda value: " ".join(f"{ord(c):08b}" for c in value),
    "JSON in text": lambda value: json.dumps({"v": value}),
    "JSON in JSON": lambda value: json.dumps({"v": json.dumps({"w": value})}),
    # around
    "between X": lambda value: f"X{value}X",
    "between many letters": lambda value: f"XXXX{value}YYY",
    "between underscores": lambda value: f"_{value}_",
    "in quotation marks": lambda value: f'"{value}"',
    "in brackets": lambda value: f"[{value}]",
    "between bars": lambda value: f"|{value}|",
    "in a false token": lambda value: f"[phi.x:{value}]",
}

GLUE: Final = frozenset({"between X", "between many letters", "in a false token", "JSON in text", "JSON in JSON"})
"""Those that put letters around the value, which may stay."""
