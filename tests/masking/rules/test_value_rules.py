"""Each rule by itself: what it makes of values of each type, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.masking.a_masker import AS_OF, KEYS, about, make_up, pseudonyms_of

from interlock.masking.keys import MaskKeys
from interlock.masking.marks import Marks
from interlock.masking.rule import Keeps
from interlock.masking.rules.age import age
from interlock.masking.rules.date_shift import MOST_DAYS, DateShift
from interlock.masking.rules.drop import dropped
from interlock.masking.rules.format_preserving import FormatPreserving
from interlock.masking.rules.keep import kept
from interlock.masking.rules.mark import marked
from interlock.masking.rules.null import nulled
from interlock.masking.rules.one_way import OneWay
from interlock.masking.rules.partial import Partial
from interlock.masking.rules.pseudonym import Pseudonymous
from interlock.masking.rules.ranges import Range
from interlock.masking.rules.realistic import Realistic
from interlock.masking.rules.redact import redacted
from interlock.masking.rules.surrogate import surrogate, wants
from interlock.masking.rules.year import Year
from interlock.masking.rules.zip3 import Zip3
from interlock.masking.tokens import holds_token
from interlock.masking.value import INTEGER_MOST, Kind, Special, Value
from interlock.masking.zip3 import CENSUS_2020
from interlock.model.secret import Secret

REFUSED = Special.REFUSED
OTHERS = [kind for kind in Kind if kind is not Kind.TEXT]


@pytest.mark.parametrize(("kind", "told"), [(Kind.TEXT, "[phi.mrn]"), (Kind.JSON, '"[phi.mrn]"'), (Kind.DATE, None)])
def test_redact(kind: Kind, told: str | None) -> None:
    assert redacted("x", about("phi.mrn", kind)) == told


def test_null_drop_keep() -> None:
    assert nulled("x", about("phi.mrn")) is None
    assert dropped(b"x", about("phi.photo")) is Special.DROPPED
    assert kept(date(1980, 3, 14), about("quasi.state")) == date(1980, 3, 14)


@pytest.mark.parametrize(
    ("keeps", "value", "told"),
    [
        (Keeps.LAST_FOUR, "4111-1111 1111 4242", "[phi.id:*4242]"),
        (Keeps.LAST_FOUR, "HTX-44-1029A", "[phi.id:*029A]"),
        (Keeps.LAST_FOUR, "1234567", REFUSED),
        (Keeps.LAST_FOUR, "", REFUSED),
        (Keeps.INITIAL, "john smith", "[phi.id:J*]"),
        (Keeps.INITIAL, "J", REFUSED),
        (Keeps.INITIAL, "Ünal", REFUSED),
        (Keeps.INITIAL, '"ohn', REFUSED),
        (Keeps.DOMAIN, "dana@mail.example.com", "[phi.id:*@mail.example.com]"),
        (Keeps.DOMAIN, "dana@", REFUSED),
        (Keeps.DOMAIN, "dana@localhost", REFUSED),
        (Keeps.DOMAIN, '"a"@ex"ample.com', REFUSED),
    ],
)
def test_partial(keeps: Keeps, value: str, told: object) -> None:
    assert Partial(keeps)(value, about("phi.id")) == told


def test_a_partial_mask_never_tells_the_length() -> None:
    told = {Partial(Keeps.LAST_FOUR)("7" * n + "4242", about("pci.pan")) for n in range(4, 30)}
    assert told == {"[pci.pan:*4242]"}


@pytest.mark.parametrize("token", ["[pci.pan:*4242]", "[phi.name:J*]", "[phi.email:*@example.com]", "[phi.name#12]"])
def test_these_tokens_are_seen_when_written_back(token: str) -> None:
    assert holds_token(f"x {token.lower()} y")


@given(st.text(max_size=40), st.text(max_size=40))
def test_one_way_hashes_are_equal_for_equal_values_alone(one: str, other: str) -> None:
    rule = OneWay(KEYS)
    assert (rule(one, about("phi.mrn")) == rule(other, about("phi.mrn"))) is (one == other)
    assert rule(one, about("phi.mrn")) != rule(one, about("phi.id"))
    assert holds_token(str(rule(one, about("phi.mrn"))))


def test_one_way_hashes_are_of_their_namespace_and_key() -> None:
    rules = [
        OneWay(keys) for keys in (KEYS, MaskKeys(Secret(b"M" * 32), "shop"), MaskKeys(Secret(b"N" * 32), "clinic"))
    ]
    assert len({rule("MRN-1", about("phi.mrn")) for rule in rules}) == 3
    assert OneWay(MaskKeys(Secret(b"M" * 32), "clinic"))("MRN-1", about("phi.mrn")) == rules[0](
        "MRN-1", about("phi.mrn")
    )


def test_pseudonyms_of_values_are_the_doors_own() -> None:
    known = pseudonyms_of("etl")
    token = Pseudonymous(known)("MRN-1", about("phi.mrn"))
    assert isinstance(token, str) and known.read(token) == ("phi.mrn", b"MRN-1")
    assert Pseudonymous(known)("x" * 300, about("phi.mrn")) is REFUSED
    assert Pseudonymous(known)("\ud800", about("phi.mrn")) is REFUSED


def test_marks_count_on_within_a_call() -> None:
    marks = Marks()
    told = [marked(name, about("phi.name", marks=marks)) for name in ("John Smith", "Dana", "john  smith ", "Dana")]
    assert told == ["[phi.name#1]", "[phi.name#2]", "[phi.name#1]", "[phi.name#2]"]
    assert marked("x", about("phi.mrn", marks=marks)) == "[phi.mrn#1]"
    assert marked("Dana", about("phi.name")) == "[phi.name#1]"


def test_surrogates_are_listed_then_applied() -> None:
    wanted = wants(" MRN-1 ", about("phi.mrn"))
    assert wanted == ("phi.mrn", b"MRN-1")
    given_out = {wanted: b"\1" * 20}
    told = surrogate("MRN-1", about("phi.mrn", surrogates=given_out))
    assert isinstance(told, str) and holds_token(told)
    assert surrogate("MRN-2", about("phi.mrn", surrogates=given_out)) is REFUSED
    assert surrogate("MRN-1", about("phi.mrn", surrogates={wanted: b"short"})) is REFUSED
    assert wants("", about("phi.mrn")) is None and wants("x" * 5_000, about("phi.mrn")) is None


FORMATS = [
    (10, "555-14-9823"),
    (10, "(415) 555.0132"),
    (10, "000000"),
    (26, "smithers"),
    (26, "SMITH-JONES"),
    (36, "HTX 4410"),
    (36, "a1b2c3"),
]


@pytest.mark.parametrize(("radix", "value"), FORMATS)
def test_format_preserving_keeps_the_form(radix: int, value: str) -> None:
    rule = FormatPreserving(KEYS, radix)
    told = rule(value, about("phi.account"))
    assert isinstance(told, str) and told != value and len(told) == len(value)
    assert [letter.isalnum() for letter in told] == [letter.isalnum() for letter in value]
    assert told == (told.upper() if value == value.upper() else told.lower())
    assert rule.opened(told, about("phi.account")) == value
    assert rule(value, about("phi.id")) != told


@pytest.mark.parametrize(
    ("radix", "value"),
    [(10, "12345"), (10, "A123456"), (26, "abcd"), (36, "ab1"), (36, "Ab12345"), (10, "12345٣"), (10, "1" * 300)],
)
def test_format_preserving_refuses_small_domains_and_other_forms(radix: int, value: str) -> None:
    assert FormatPreserving(KEYS, radix)(value, about("phi.account")) is REFUSED


@given(st.integers(100_000, 2**31 - 1))
def test_integers_stay_integers_of_as_many_digits(value: int) -> None:
    rule, of = FormatPreserving(KEYS, 10), about("phi.mrn", Kind.INTEGER, most=2**31 - 1)
    told = rule(value, of)
    assert isinstance(told, int) and told <= 2**31 - 1 and len(str(told)) == len(str(value))
    assert rule.opened(told, of) == value


def test_small_integers_and_truths_are_refused() -> None:
    rule, of = FormatPreserving(KEYS, 10), about("phi.mrn", Kind.INTEGER)
    assert [rule(value, of) for value in (0, 99_999, True)] == [REFUSED] * 3
    assert rule(INTEGER_MOST + 1, of) is REFUSED
    negative = rule(-1_234_567, of)
    assert isinstance(negative, int) and negative < 0


@given(st.text(min_size=1, max_size=20), st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 10_000))
def test_shifted_dates_keep_what_lies_between_them(subject: str, day: date, apart: int) -> None:
    rule, of = DateShift(KEYS), about("phi.date", Kind.DATE, subject)
    one, other = rule(day, of), rule(day + timedelta(apart), of)
    assert isinstance(one, date) and isinstance(other, date)
    assert other - one == timedelta(apart)
    assert 1 <= abs((one - day).days) <= MOST_DAYS


def test_shifts_are_by_subject_and_reach_both_ends() -> None:
    rule = DateShift(KEYS)
    days = {rule.days(str(n)) for n in range(20_000)}
    assert days == {*range(-365, 0), *range(1, 366)}
    assert rule(date(2020, 1, 1), about("phi.date", Kind.DATE)) is REFUSED


def test_a_shifted_text_or_moment_keeps_its_form() -> None:
    rule, by = DateShift(KEYS), timedelta(DateShift(KEYS).days("p"))
    day = datetime(1980, 3, 14, 10, 22, tzinfo=UTC)
    assert rule(day, about("phi.date", Kind.TIMESTAMP, "p")) == day + by
    moved = day + by
    assert rule("03/14/1980", about("phi.date", subject="p")) == f"{moved:%m/%d/%Y}"
    assert rule("1980-03-14T10:22:00Z", about("phi.date", subject="p")) == f"{moved:%Y-%m-%d}T10:22:00Z"
    assert rule("March 14", about("phi.date", subject="p")) is REFUSED
    assert rule(date.max, about("phi.date", Kind.DATE, _back("p", 1))) is REFUSED


def _back(subject: str, sign: int) -> str:
    """A subject whose dates move that way."""
    return next(s for n in range(100) if DateShift(KEYS).days(s := f"{subject}{n}") * sign > 0)


YEARS: list[tuple[Kind, Value, object]] = [
    (Kind.DATE, date(1980, 3, 14), date(1980, 1, 1)),
    (Kind.TIMESTAMP, datetime(1980, 3, 14, 10, 22, tzinfo=UTC), datetime(1980, 1, 1, tzinfo=UTC)),
    (Kind.TEXT, "1980-03-14", "1980"),
    (Kind.TEXT, "19800314", "1980"),
    (Kind.TEXT, "14th of March, 1980", "1980"),
    (Kind.TEXT, "3/14/1980 10:22", "1980"),
    (Kind.TEXT, "1980", "1980"),
    (Kind.INTEGER, 1980, 1980),
    (Kind.INTEGER, 19800314, 1980),
    (Kind.DATE, date(1936, 12, 31), REFUSED),
    (Kind.TEXT, "1936-12-31", REFUSED),
    (Kind.INTEGER, 1936, REFUSED),
    (Kind.DATE, date(1937, 1, 1), date(1937, 1, 1)),
    (Kind.TEXT, "March 14", REFUSED),
    (Kind.TEXT, "03/14/80", REFUSED),
    (Kind.TEXT, "1980 to 1985", REFUSED),
    (Kind.INTEGER, 1_700_000_000, REFUSED),
    (Kind.BOOLEAN, True, REFUSED),
]


@pytest.mark.parametrize(("kind", "value", "told"), YEARS)
def test_year(kind: Kind, value: Value, told: object) -> None:
    found = Year(AS_OF)(value, about("phi.date.birth", kind))
    assert found == told and type(found) is type(told)


AGES: list[tuple[Kind, Value, object]] = [
    (Kind.INTEGER, 0, 0),
    (Kind.INTEGER, 89, 89),
    (Kind.INTEGER, 90, 90),
    (Kind.INTEGER, 104, 90),
    (Kind.INTEGER, -1, REFUSED),
    (Kind.NUMBER, Decimal("89.5"), Decimal(90)),
    (Kind.NUMBER, 92.5, 90.0),
    (Kind.TEXT, "89", "89"),
    (Kind.TEXT, "92", "90+"),
    (Kind.TEXT, "90+", "90+"),
    (Kind.TEXT, "92-year-old", "90+-year-old"),
    (Kind.TEXT, "aged 101", "aged 90+"),
    (Kind.TEXT, "94 y/o", "90+ y/o"),
    (Kind.TEXT, "96 months", "96 months"),
    (Kind.TEXT, "ninety-two", REFUSED),
    (Kind.TEXT, "92, John", REFUSED),
    (Kind.TEXT, "1934", REFUSED),
]


@pytest.mark.parametrize(("kind", "value", "told"), AGES)
def test_age(kind: Kind, value: Value, told: object) -> None:
    found = age(value, about("phi.age", kind))
    assert found == told and type(found) is type(told)


ZIPS: list[tuple[Kind, Value, object]] = [
    (Kind.TEXT, "94305", "943"),
    (Kind.TEXT, "94305-1234", "943"),
    (Kind.TEXT, "03601", "000"),
    (Kind.TEXT, "036", "000"),
    (Kind.TEXT, "K1A 0B1", REFUSED),
    (Kind.TEXT, "9430", REFUSED),
    (Kind.TEXT, "Palo Alto 94305", REFUSED),
    (Kind.INTEGER, 94305, 943),
    (Kind.INTEGER, 2134, 21),
    (Kind.INTEGER, 943051234, 943),
    (Kind.INTEGER, -5, REFUSED),
    (Kind.NUMBER, Decimal(94305), REFUSED),
]


@pytest.mark.parametrize(("kind", "value", "told"), ZIPS)
def test_zip3(kind: Kind, value: Value, told: object) -> None:
    assert Zip3(CENSUS_2020)(value, about("phi.address.zip", kind)) == told


RANGES: list[tuple[Kind, Value, object]] = [
    (Kind.INTEGER, 57, 50),
    (Kind.INTEGER, -3, -10),
    (Kind.NUMBER, Decimal("57.3"), Decimal(50)),
    (Kind.NUMBER, 57.3, 50.0),
    (Kind.TEXT, "57", "50-59"),
    (Kind.TEXT, "57 kg", REFUSED),
    (Kind.NUMBER, float("nan"), REFUSED),
    (Kind.DATE, date(2020, 1, 1), REFUSED),
]


@pytest.mark.parametrize(("kind", "value", "told"), RANGES)
def test_range(kind: Kind, value: Value, told: object) -> None:
    assert Range(10)(value, about("pii.salary", kind)) == told


@given(st.text(max_size=30))
def test_realistic_values_are_the_same_for_equal_ones_and_never_the_value(value: str) -> None:
    rule = Realistic(KEYS, make_up)
    told = rule(value, about("phi.name"))
    assert told is REFUSED or (isinstance(told, str) and told.casefold() != value.casefold())
    assert told == rule(f" {value.upper()} ", about("phi.name")) or value.upper().casefold() != value.casefold()


def test_what_nobody_makes_up_or_only_itself_is_refused() -> None:
    assert Realistic(KEYS, make_up)("x", about("phi.mrn")) is REFUSED
    assert Realistic(KEYS, lambda label, seed: "Dana")("dana", about("phi.name")) is REFUSED


@pytest.mark.parametrize("kind", OTHERS)
def test_texts_alone_get_tokens(kind: Kind) -> None:
    rules = (marked, surrogate, OneWay(KEYS), Pseudonymous(pseudonyms_of("etl")), Realistic(KEYS, make_up))
    assert {rule(5, about("phi.name", kind)) for rule in rules} == {REFUSED}
    assert Partial(Keeps.LAST_FOUR)(5, about("phi.name", kind)) is REFUSED


def test_no_repr_holds_a_key_or_a_value() -> None:
    marks = Marks()
    marks.number(about("phi.name").label, "canary")
    shown = repr((KEYS, OneWay(KEYS), DateShift(KEYS), marks, about("phi.name", marks=marks, surrogates={})))
    assert "canary" not in shown and "MMMM" not in shown
