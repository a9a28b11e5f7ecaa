"""An address' other parts: what stands after a street (unit, town, state, postcode, country) and before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.places.fixed import BOX_AFTER
from interlock.sensitivity.places.formed import FOREPARTS
from interlock.sensitivity.places.lookup import AMBIGUOUS, CITY, COUNTRY, STATE, STOPS, longest
from interlock.sensitivity.places.number_last import HOUSE_BEFORE, UNIT_AFTER
from interlock.sensitivity.places.postcode import ZIP
from interlock.sensitivity.places.street_types import TYPES
from interlock.sensitivity.places.words import CONNECTORS, FUNCTION, NOT_STREET

STREET = Label("phi.address.street")

_MARKS = r"(?:[>|*?#\-]{1,3}[ \t]{0,2})?"  # what quoted mails and lists put before a line
_GAP = re.compile(
    rf"[ \t]*\.?(?:[,;/|]|\^{{1,3}})?[ \t]*(?:\r?\n[ \t]*{_MARKS}(?:\r?\n[ \t]*{_MARKS})?)?(?:,[ \t]*)?(?:[-–][ \t])?"
)
_STATE_ZIP = re.compile(
    r"(?:([A-Z]{2,4}|[a-z]{2,3}|[0-9]{2}|[A-Z][0-9A-Z]{1,2})[.,]?[ \t]{1,2})([0-9]{5}(?:-[0-9]{4})?)(?![\w-])"
)
_POSTCODE = re.compile(
    r"(?:[A-Z]{1,2}-?[ \t]?)?(?:[0-9]{2}-[0-9]{3}|[0-9]{5}-[0-9]{3}|[0-9]{8}(?=[ \t][^\W\d_])|[0-9]{3,6})"
    r"(?:-[0-9]{3,4}|[ \t][0-9]{2,3}(?![0-9])"
    r"|[ \t]?(?-i:[A-Z]{2})(?![\w]))?(?![\w.,:/-][0-9]|[\w%])"
    r"|[A-Z]{1,2}[0-9][A-Z0-9]?[ \t]?[0-9][A-Z]{2}(?!\w)|[A-Z][0-9][A-Z][ \t-]?[0-9][A-Z][0-9](?!\w)",
    re.IGNORECASE,
)
_REGION = re.compile(r"(?:[A-Z]{2,3}|[0-9]{2}|[A-Z][0-9]|nan)(?![\w'’-]|[.][0-9])")
_REGION_SMALL = re.compile(r"(?:[a-z]{2,3}|[0-9]{2})(?=[ \t,.\n]|$)")
_NAME = re.compile(r"[^\W\d_][\w'’.∆\-]{0,40}")
_SPACE = re.compile(r"[ \t]{1,2}")
_DISTRICT = re.compile(r"[ \t](?:[0-9]{1,2}|[A-Z]{1,2})(?=[ \t]*(?:[,\n]|$)|[ \t]+[A-Z])")
_NO_REGION = (
    STOPS | FUNCTION | frozenset({"so", "fax", "tel", "ph", "but", "dob", "ssn", "mrn", "sex", "ext", "vat", "who"})
)
_PROVINCE_AFTER = re.compile(r"[ ]\([A-Z]{2}\)")
_MOST_PARTS, _MOST_WORDS = 7, 6
_KINDS = words_of("township county village heights park hills city beach springs")
_COUNTY = re.compile(r"(?:Co\.|County)[ \t][A-Z][a-z]{2,15}(?!\w)")
_OUTER = re.compile(r"[A-Z]{1,2}[0-9]{1,2}[A-Z]?[ \t][0-9][A-Z]{2}(?!\w)")
_PIN = re.compile(r"[^\W\d_]{3,20}[ \t]?[-–][ \t]?[0-9]{6}(?![\w-])")


def after_street(text: str, start: int, lower: bool, tables: Tables) -> Iterator[Finding]:
    """The parts that follow a street's end at `start`, while they look like an address' parts."""
    at, placed = start, False
    for _ in range(_MOST_PARTS):
        gap = _GAP.match(text, at)
        here = gap.end() if gap else at
        mark = text[at:here]
        if here >= len(text) or (mark.strip() == "." and (placed or "\n" not in mark)) or not mark:
            return
        part = _part(text, here, mark, placed, lower, tables)
        if part is None:
            return
        yield part
        at = part.end
        province = _PROVINCE_AFTER.match(text, at) if part.label == CITY else None
        if province is not None:
            yield Finding(province.start() + 1, province.end(), STATE, 0.8, "addresses: province")
            at = province.end()
        placed = placed or part.label in (CITY, STATE, COUNTRY)
        if part.label == ZIP:
            town = None if placed else _town_on_the_line(text, at, lower, tables)
            if town is not None:
                yield town
                at, placed = town.end, True
            elif not _country_follows(text, at, tables):
                return
        if part.label == COUNTRY:
            zip_ = _POSTCODE.match(text, at + 1) if text[at : at + 1] in (" ", ",") else None
            zip_ = zip_ or (_STATE_ZIP.match(text, at + 2) if text[at : at + 2] == ", " else None)
            if zip_ is not None:
                yield Finding(zip_.start(), zip_.end(), ZIP, 0.8, "addresses: postcode after a country")
            return


def _town_on_the_line(text: str, at: int, lower: bool, tables: Tables) -> Finding | None:
    """The town behind a postcode: `H-6238 Keresztfalva`."""
    here = at + len(text[at : at + 3]) - len(text[at : at + 3].lstrip(" \t"))
    if here == at or not text[here : here + 1].isalpha():
        return None
    end, words = _name_run(text, here, lower, tables)
    place = longest(tables, text, here)
    end = max(end if words else here, place.end if place is not None else here)
    if end == here:
        return None
    end = _with_district(text, end)
    province = _PROVINCE.match(text, end)
    return Finding(here, province.end() if province else end, CITY, 0.75, "addresses: town after a postcode")


_PROVINCE = re.compile(r"[ \t](?:\([A-Z]{2}\)|[A-Z]{2}(?![\w'’])|/[ \t]?[A-Z]{2}(?!\w))")


def _country_follows(text: str, at: int, tables: Tables) -> bool:
    gap = _GAP.match(text, at)
    if gap is None or not gap[0]:
        return False
    place = longest(tables, text, gap.end())
    return place is not None and (place.label == COUNTRY or (place.label == CITY and "." not in gap[0]))


def _part(text: str, at: int, mark: str, placed: bool, lower: bool, tables: Tables) -> Finding | None:
    unit = UNIT_AFTER.match(text, at) or BOX_AFTER.match(text, at)
    if unit is not None:
        return Finding(at, unit.end(), STREET, 0.8, "addresses: unit")
    whole = _PIN.match(text, at) or _COUNTY.match(text, at)
    if whole is not None:
        return Finding(at, whole.end(), CITY, 0.75, "addresses: town and PIN")
    zipped = _STATE_ZIP.match(text, at)
    if zipped is not None:
        return Finding(at, zipped.end(), ZIP, 0.9, "addresses: state and ZIP")
    if text[at].isdigit() or _POSTCODE.match(text, at):
        return _postcode(text, at, mark, placed)
    if placed:
        region = _REGION.match(text, at) or (_REGION_SMALL.match(text, at) if lower else None)
        plain = region is not None and (len(region[0]) > 2 or region[0].islower()) and region[0].lower() in _NO_REGION
        region = None if plain else region
        if region is not None and (region[0].isupper() or region[0].lower() not in CONNECTORS | NOT_STREET):
            return Finding(at, region.end(), STATE, 0.7, "addresses: region")
    return _town(text, at, mark, placed, lower, tables)


def _postcode(text: str, at: int, mark: str, placed: bool) -> Finding | None:
    match = _POSTCODE.match(text, at)
    if match is not None and (placed or "," in mark or "\n" in mark) and len(match[0]) >= 4:
        return Finding(at, match.end(), ZIP, 0.75, "addresses: postcode")
    if placed and (region := _REGION.match(text, at)) is not None:
        return Finding(at, region.end(), STATE, 0.6, "addresses: region")
    return None


def _town(text: str, at: int, mark: str, placed: bool, lower: bool, tables: Tables) -> Finding | None:
    place = longest(tables, text, at)
    if (
        place is not None
        and place.words == 1
        and text[at].islower()
        and (
            text[at : place.end] in AMBIGUOUS
            or (not lower and text[at : place.end] in tables.ordinary)
            or not (lower or (placed and text[at : place.end] not in tables.foreign))
        )
    ):
        place = None
    run_end, words = _name_run(text, at, lower, tables)
    if words == 0 and ("\n" in mark or "," in mark):
        run_end, words = _name_run(text, at, lower, tables, loose=True)
        words = words if words and _is_land_next(text, run_end, tables) else 0
    if place is not None and place.end >= run_end:
        if lower and not placed and place.words == 1 and "," not in mark and "\n" not in mark and place.size < 20:
            return None if text[at : place.end] in tables.ordinary else _known(place.start, place.end, place.label)
        return _known(at, _with_district(text, place.end), place.label)
    if words == 0:
        return _known(at, place.end, place.label) if place is not None else None
    if place is not None and "\n" in mark and place.label == CITY and _ends_line(text, run_end):
        return Finding(at, run_end, CITY, 0.7, "addresses: town on its line")
    if place is not None and (place.label != CITY or words - place.words >= 2 or place.words > 1):
        return _known(at, place.end, place.label)
    first = _NAME.match(text, at)
    word = first[0].lower().rstrip(".") if first else ""
    if text[at:run_end].lower() in ("st", "street"):
        return None
    if (
        word in tables.given
        and word not in tables.cities
        and not _ends_line(text, run_end)
        and not _is_land_next(text, run_end, tables)
        and not (words > 1 and text[at:run_end].rsplit(" ", 1)[-1].lower() in TYPES)
    ):
        return None
    return Finding(at, _with_district(text, run_end), CITY, 0.65, "addresses: town after a street")


_ZIP_NEXT = re.compile(
    r"[ \t]*,?[ \t]*(?:\r?\n[ \t>|*?]{0,6})?,?[ \t]*(?:[A-Z]{2,3}[ \t,\n]{1,3}|nan[ \t,\n]{1,3}"
    r"|[0-9]{2}[ \t,\n]{1,3})?[0-9]{4,6}(?![\w])"
)


_SMALL_ZIP_NEXT = re.compile(r",[ \t][a-z]{2}[ \t][0-9]{5}(?![\w])")


def _is_land_next(text: str, end: int, tables: Tables) -> bool:
    """Whether a country, a state or a postcode follows: what stands before it is a town, whatever its words."""
    if _ZIP_NEXT.match(text, end) or _SMALL_ZIP_NEXT.match(text, end):
        return True
    gap = _GAP.match(text, end)
    return gap is not None and bool(gap[0]) and longest_is_country(text, gap.end(), tables)


def _known(start: int, end: int, label: Label) -> Finding:
    return Finding(start, end, label, 0.85, "addresses: known place after a street")


def _with_district(text: str, end: int) -> int:
    """`København K`, `Karlovy Vary 17`."""
    district = _DISTRICT.match(text, end)
    return district.end() if district else end


_LINE_END = re.compile(r"[ \t,.]*(?:\r?\n|$)")


def _ends_line(text: str, end: int) -> bool:
    return _LINE_END.match(text, end) is not None


def _name_run(text: str, at: int, lower: bool, tables: Tables, loose: bool = False) -> tuple[int, int]:
    """Capitalised words (any, in small text) with connectors between: end, and how many."""
    end, words, here = at, 0, at
    for _ in range(_MOST_WORDS):
        match = _NAME.match(text, here)
        if match is None:
            break
        word = match[0].rstrip(".'’-")
        low = word.lower()
        if _OUTER.match(text, here):
            break
        if word[:1].isupper() or not word[:1].islower() or lower:
            article = low in ("the", "de", "st", "la", "le") and not lower
            everyday = (
                (words == 0 or lower)
                and not loose
                and low not in FOREPARTS
                and (low not in _KINDS or not words)
                and _is_everyday(low, tables)
            )
            if (low in NOT_STREET or everyday) and not (article and (word.isupper() or low != "the")):
                break
            if words and longest_is_country(text, here, tables):
                break
            end, words = here + len(word), words + 1
        elif low not in CONNECTORS or words == 0:
            break
        space = _SPACE.match(text, here + len(word))
        if space is None:
            break
        here = space.end()
    return end, words


def longest_is_country(text: str, at: int, tables: Tables) -> bool:
    """Whether a country's or state's name begins here: the town's name ends before it."""
    place = longest(tables, text, at)
    return place is not None and place.label in (COUNTRY, STATE)


def _is_everyday(word: str, tables: Tables) -> bool:
    return word in tables.ordinary and word not in tables.cities and tables.words.get(word, 0) >= 35


_LINE_BEFORE = re.compile(
    r"(?:^|(?<=\n)|(?<=[,:;]))[ \t]*([^\n,:;]{2,100}?)[ \t]*,?[ \t]*(?:\r?\n[ \t]*[>|*?]{0,3}[ \t]*)?$"
)
_HAS_NUMBER = re.compile(
    r"^(?:[>|*?]{1,3}[ \t]*)?([0-9]{1,5}[A-Za-z]?[ \t,].*|.*[^\W\d_]\.?[ \t][0-9]{1,4}[A-Za-z]?\.?)$"
)
_LOOSE = re.compile(
    r"[0-9]{1,5}[A-Za-z]?[ \t]+(?:[^\W_][\w'’.\-]*[ \t]+){0,5}[^\W_][\w'’.\-]*$"
    r"|(?<![\w'’])(?:[^\W\da-z_][\w'’.\-]*[ \t]+){1,4}[0-9]{1,4}[A-Za-z]?$"
)


def before_unit(text: str, start: int) -> int:
    """Where a line with a number begins that stands before a unit at `start`, else `start`."""
    base = max(0, start - 110)
    before = _LINE_BEFORE.search(text[base:start])
    if before is None:
        return start
    line = before[1]
    words = line.split()
    if _HAS_NUMBER.match(line) and len(words) < 8 and all(not w[0].islower() or w in CONNECTORS for w in words):
        return base + before.start(1)
    loose = _LOOSE.search(line)
    if loose is not None:
        return base + before.start(1) + loose.start()
    return base + before.start(1) if _HAS_NUMBER.match(line) and len(words) < 8 else start


_UNIT_BEFORE = re.compile(
    r"(?<![\w'’])(?:flat|studio|unit|apt\.?|apartment|suite|ste\.?|house|villa|plot|lot|blk|block|shop|office|room|rm\.?"
    r"|h\.?no\.?|door no\.?)[ \t]?(?:no\.?[ \t]?)?#?(?:[0-9]{1,5}[a-z]?|[a-z][0-9]{0,4}|[0-9]{1,3}\.[0-9]{1,3})?"
    r"(?:,[ \t]|,?[ \t]|,?[ \t]?\r?\n)$",
    re.IGNORECASE,
)


def flat_before(text: str, start: int) -> int:
    """Where `Flat 3, ` begins when it stands directly before `start`, else `start`."""
    before = _UNIT_BEFORE.search(text, max(0, start - 24), start)
    if before is None:
        before = _FLAT_AND_HOUSE.search(text, max(0, start - 70), start)
    return before.start() if before else start


_FLAT_AND_HOUSE = re.compile(
    r"(?<![\w])(?:flat|room|house|plot|shop|door|unit|villa)[ ](?:no\.?[ ])?[0-9]{1,5}[A-Za-z]?,[ ]"
    r"(?:(?-i:[A-Z])[\w'’]{1,20}(?:[ ](?-i:[A-Z])[\w'’]{1,20}){0,2},[ ]|(?:no\.?[ ])?[0-9]{1,5}[ ]){1,2}$",
    re.IGNORECASE,
)


def house_before(text: str, start: int) -> int:
    """Where a bare number directly before `start` begins, else `start`."""
    before = HOUSE_BEFORE.search(text, max(0, start - 12), start)
    return before.start() if before else start
