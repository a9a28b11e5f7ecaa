"""The cut of a text into statements."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.policy.statements import Mistake, split


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
