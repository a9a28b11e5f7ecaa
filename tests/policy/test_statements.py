"""The cut of a text into statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import PolicyMistakes
from interlock.policy.bundle import read_rules
from interlock.policy.statements import Mistake, split, too_deep


def test_gives_each_statement_its_line_and_annotations() -> None:
    text = '// heading\n\n@id("a")\n@because("x; y") // z;\npermit (principal, action, resource);\n@id("b") forbid (p);'
    first, second = split("f", text)
    assert (first.line, first.annotations) == (3, (("id", 3), ("because", 4)))
    assert first.text.startswith('@id("a")') and first.text.endswith("resource);")
    assert (second.line, second.annotations) == (6, (("id", 6),))


def test_semicolons_and_at_signs_in_strings_and_comments_are_nothing() -> None:
    text = '@id("a\\"; @x") permit (principal, action, resource) when { "//;" == "@y" }; // @z ;'
    (only,) = split("f", text)
    assert only.annotations == (("id", 1),)


def test_an_annotation_may_stand_apart_from_its_sign() -> None:
    (only,) = split("f", '@ // not @this\n\n id\n("a") @\nbecause("b")\n permit (principal, action, resource);')
    assert only.annotations == (("id", 1), ("because", 4))


def test_a_name_in_a_comment_is_no_annotation() -> None:
    (only,) = split("f", '@id("a") permit (p) @// a b c\n;')
    assert only.annotations == (("id", 1),)


def test_hostile_text_is_cut_in_time() -> None:
    """Backtracking would take longer than anybody waits."""
    for text in ("@" + " " * 50_000 + "(", "@" + "// a\n" * 20_000 + "(", '"' + "\\" * 50_001, "/" * 50_000):
        assert len(list(split("f", text))) == (0 if text.startswith("//") else 1)


def test_lines_are_counted_through_strings_and_comments() -> None:
    text = '// one\n@id("a\n\nb")\npermit (p); // four\n\n@id("c")\nforbid (p);\n'
    assert [(s.line, s.annotations) for s in split("f", text)] == [(2, (("id", 2),)), (7, (("id", 7),))]


def test_an_unfinished_statement_is_one_too() -> None:
    assert [s.text for s in split("f", "permit (principal")] == ["permit (principal"]
    assert list(split("f", " // nothing\n\t")) == []


def test_a_comment_ends_where_cedar_ends_it() -> None:
    (only,) = split("f", "// hidden\rforbid (principal, action, resource);")
    assert only.text.startswith("forbid")


def test_the_line_of_an_annotation_that_isnt_there_is_the_statements() -> None:
    (only,) = split("f", "\n\npermit (principal, action, resource);")
    assert only.line_of("id") == 3
    assert str(Mistake("f", 3, "why")) == "f:3: why"


@given(st.text(alphabet='ab;@"\\/\n\r {}', max_size=60))
def test_no_character_is_lost(text: str) -> None:
    pieces = [s.text for s in split("f", text)]
    rest = text
    for piece in pieces:
        before, found, rest = rest.partition(piece)
        assert found
        assert before.strip() == "" or before.lstrip().startswith("//")
    assert rest.strip() == "" or rest.lstrip().startswith("//")


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 101 + "true" + ")" * 101,
        "[" * 4_000 + "]" * 4_000,
        "{a: " * 900 + "1" + "}" * 900,
        "!" * 4_000 + "context.opaque",
        "context.opaque && " * 4_000 + "true",
        "if context.opaque then true else " * 4_000 + "true",
        "context" + ".a" * 4_000,
        "context.hour " + "+ 1 " * 4_000 + "== 3",
    ],
    ids=["brackets", "sets", "records", "not", "and", "if", "attributes", "sums"],
)
def test_what_would_end_cedars_process_is_never_handed_to_it(condition: str) -> None:
    text = f'@id("a") permit (principal, action, resource) when {{ {condition} }};'
    assert too_deep(text) is not None
    with pytest.raises(PolicyMistakes, match=r"nested more than|operators"):
        read_rules({"f": text}, {}, frozenset(), None)


def test_brackets_and_operators_in_strings_and_comments_dont_count() -> None:
    quoted = "(" * 2_000 + "&&" * 2_000
    text = (
        f'@because("{quoted}") // {quoted}\npermit (principal, action, resource) when {{ context.environment == "x" }};'
    )
    assert too_deep(text) is None
    assert too_deep(" ".join(f'@because("{"(" * 200}")' for _ in range(3))) is None
