"""Makes what can't be seen visible: bidi overrides, zero-width and control characters, odd spaces, blank letters, and
heaps of combining marks, which can cover what stands around them.

Everything an agent wrote goes through here before a person judges it. A reviewer must see what a machine reads.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

# Letters and marks that print as nothing: Hangul fillers, braille blank, combining grapheme joiner, Khmer inherent
# vowels, Mongolian and ordinary variation selectors (Unicode, Default_Ignorable_Code_Point).
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0000, 0xE1000))
)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # general categories that have no glyph of their own

MANY_MARKS = 3  # so many combining marks in a row are numbered; writing systems get by with two
MANY_BLANK_LINES = 3  # more than this in a row is a way to push a tail out of sight
MANY_SPACES = 24
_LINES = re.compile(rf"\n(?:[ \t]*\n){{{MANY_BLANK_LINES},}}")
_SPACES = re.compile(rf"[ \t]{{{MANY_SPACES},}}")


def visible(text: str) -> str:
    """`text` on one line, each unseen character as its number: U+202E becomes `⟨U+202E⟩`. A space stays a space."""
    if text.isascii() and text.isprintable():  # nearly everything: an inbox has a thousand such pieces
        return text
    return "".join(_run(is_mark, "".join(run)) for is_mark, run in groupby(text, _is_mark))


def visible_block(text: str) -> str:
    """As `visible`, but line feeds and tabs stay, and long empty stretches are told rather than shown."""
    pieces = re.split(r"([\n\t]+)", text.replace("\r\n", "\n"))
    shown = "".join(piece if number % 2 else visible(piece) for number, piece in enumerate(pieces))
    shown = _LINES.sub(lambda found: f"\n⟨{found.group().count(chr(10)) - 1} empty lines⟩\n", shown)
    return _SPACES.sub(lambda found: f" ⟨{len(found.group())} spaces⟩ ", shown)


def _run(is_mark: bool, run: str) -> str:
    if is_mark and len(run) >= MANY_MARKS:
        return "".join(map(_number, run))
    return "".join(map(_shown, run))


def _is_mark(character: str) -> bool:
    return character > "~" and unicodedata.category(character).startswith("M")


def _number(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category in _UNSEEN or category == "Zs" or ord(character) in _BLANK:
        return _number(character)
    return character
