"""Which first three digits of a ZIP code may be told (45 CFR 164.514(b)(2)(i)(B)): those where over 20,000 people live.

Data with a date, to be replaced by newer: a `Zip3Table` of another census is handed to the `Masker` in place of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HIDDEN: Final = "000"


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
