"""Which first three digits of a ZIP code may be told (45 CFR 164.514(b)(2)(i)(B)): those where over 20,000 people live.

Data with a date, to be replaced by newer: a `Zip3Table` of another census is handed to the `Masker` in place of this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HIDDEN: Final = "000"
_STATES: Final = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR"
    "|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|VI|GU|AS|MP|AP|AE"
)
_NAMED: Final = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois"
    "|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana"
    "|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon"
    "|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington"
    "|west virginia|wisconsin|wyoming|puerto rico|d\\.c\\."
)
# What tells that the number behind it is one of the US: the word ZIP, a state, `"state": "OH", "postalCode": "`.
_TELLS: Final = re.compile(
    rf"(?:\b(?i:zip)[^0-9\n]{{0,24}}"
    rf"|(?:\b(?:{_STATES})|\b(?i:{_NAMED}))[^0-9A-Za-z]{{1,6}}(?i:postal_?code[^0-9A-Za-z]{{1,6}})?)\Z"
)
_PLUS_FOUR: Final = re.compile("[0-9]{5}-[0-9]{4}")
AROUND: Final = 48
"""How many characters before a number `is_american` is shown."""


def is_american(written: str, before: str) -> bool:
    """Whether a number in a text is told to be a ZIP code. Other countries have postcodes of five digits too, and the
    rule lets nothing of theirs stay. `before` is what stands before it."""
    return _PLUS_FOUR.fullmatch(written) is not None or _TELLS.search(before) is not None


@dataclass(frozen=True, slots=True)
class Zip3Table:
    """`few`: three digits with 20,000 people or fewer; `unlisted`: those in which the census counts no area at all, so
    that nothing is known of them. `source` and `as_of` (the census day) go into every report."""

    source: str
    as_of: str
    few: frozenset[str]
    unlisted: frozenset[str]

    def told(self, three: str) -> str:
        """The three digits if they may be told, else `000`."""
        return HIDDEN if three in self.few or three in self.unlisted else three


# Sums of P1_001N (total population) over the ZIP code tabulation areas of each prefix. The census of 2010 has the same
# list: 14 prefixes with few people, and 202, 204, 753 and 772 with none or next to none.
CENSUS_2020: Final = Zip3Table(
    source="US Census Bureau, 2020 Census, DHC table P1 by ZCTA; the same prefixes as by the 2010 Census, SF1",
    as_of="2020-04-01",
    few=frozenset("036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893".split()),  # noqa: SIM905
    unlisted=frozenset(
        """000 001 002 003 004 005 008 055 090 091 092 093 094 095 096 097 098 099 192 213 269 311 332 340 343 345 348
        353 375 399 419 428 429 459 509 517 518 519 529 533 536 552 555 568 569 578 579 589 621 632 642 643 649 659 663
        682 694 695 696 697 698 699 702 709 715 732 733 742 771 817 818 819 839 842 848 849 854 858 861 862 866 867 868
        869 872 876 885 886 887 888 889 892 896 899 901 909 929 938 942 962 963 964 965 966 969 987""".split()  # noqa: SIM905
    ),
)
