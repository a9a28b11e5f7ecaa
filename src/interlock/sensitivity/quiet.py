"""Quiet texts: those in which the layers after the patterns are sure to find nothing, told in a few microseconds.

A text is quiet when it is made of ordinary words alone, none of them capital but perhaps the first, none a given name
or a word that leads to a name, place or date, and its digits don't look like a date or an age.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from interlock.sensitivity.gazetteer import Tables

LONGEST: Final = 512
"""Longer texts aren't quiet: they are looked at whatever they are made of."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAPITAL_WITHIN = re.compile(r"(?s:.)[A-Z]|[^\x00-\x7f]")
# Two numbers with a sign between, an ordinal, eight digits, an age over 89, a year.
_FIGURES = re.compile(
    r"[0-9][-/.,: ']{1,2}[0-9]|[0-9](?:st|nd|rd|th|[ -]?y)|[0-9]{8}"
    r"|(?:^|[^0-9])(?:9[0-9]|1[0-2][0-9]|(?:18|19|20)[0-9][0-9])(?:$|[^0-9])"
)
_LEADING: Final = """
    january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur
    thurs fri sat sun christmas easter thanksgiving halloween hanukkah ramadan diwali new eve valentine valentines
    labor memorial independence birthday born birth died death dob age aged old year years ninety nineties
    nonagenarian centenarian hundred mr mrs ms miss dr prof sir madam rev doctor nurse patient name named called
    wife husband son daughter mother father mom dad brother sister aunt uncle cousin niece nephew friend neighbor
    neighbour guardian street st avenue ave road rd drive lane ln boulevard blvd court ct place pl square terrace
    way highway hwy route parkway pkwy suite ste apt apartment unit floor box zip postal postcode code county city
    town village state hospital clinic center centre medical health infirmary hospice pharmacy practice university
    college school church address lives live living from near resides located residence i'm am me my signed regards
    sincerely dear hi hello contact
    """


def quiet_words(tables: Tables) -> Callable[[str, str], bool]:
    """A function of a text and the name of its field: whether the text is quiet. Without tables nothing is."""
    harmless = (
        tables.ordinary - tables.given.keys() - frozenset(_LEADING.split()) - tables.states.keys() - tables.countries
    )

    def is_quiet(text: str, telling: str) -> bool:
        if len(text) > LONGEST or _CAPITAL_WITHIN.search(text) or _FIGURES.search(text):
            return False
        words = _WORD.findall(text.lower())
        if not harmless.issuperset(words) or (len(words) < 2 and text[:1].isupper()):
            return False
        return not telling or harmless.issuperset(_WORD.findall(telling.lower()))

    return is_quiet
