"""The reader of PostgreSQL's node texts."""

from __future__ import annotations

import pytest
from tests.sql.differential.a_server_tree import Node, NotATree, read_tree


def test_fields_are_text_nodes_lists_sets_or_nothing() -> None:
    tree = read_tree("{A :one 1 :none <> :node {B :x true} :list ({B :x false} <>) :set (b 1 7) :numbers (i 3 4)}")
    assert tree.label == "A"
    assert tree.number("one") == 1
    assert tree.node("none") is None and tree.nodes("none") == ()
    assert tree.node("node") == Node("B", {"x": "true"})
    assert [n.flag("x") for n in tree.nodes("list")] == [False]
    assert tree.fields["set"] == frozenset({1, 7})
    assert tree.items("numbers") == ("3", "4")


def test_a_line_s_end_is_a_space_also_behind_a_backslash() -> None:
    tree = read_tree('{ALIAS :aliasname *SELECT*\\\n1\n:colnames ("a" "two\\ words" "" "\\"q\\"" "b\\\\c")}')
    assert tree.text("aliasname") == "*SELECT* 1"
    assert tree.items("colnames") == ("a", "two words", "", '"q"', "b\\c")


def test_brackets_that_are_escaped_are_text() -> None:
    assert read_tree("{A :name a\\(b\\)\\{c\\} :next \\<>}").fields == {"name": "a(b){c}", "next": "<>"}


def test_a_constant_s_bytes_follow_its_length() -> None:
    assert read_tree("{CONST :constvalue 4 [ 1 0 0 -1 ] :isnull false}").items("constvalue")[:2] == ("4", "[")


def test_nodes_within_lists_of_lists_are_parts() -> None:
    tree = read_tree("{A :lists (({B :n 1}) ({B :n 2} {B :n 3})) :one {B :n 4}}")
    assert [n.number("n") for n in tree.parts()] == [1, 2, 3, 4]


@pytest.mark.parametrize("text", ["", "{A :x", "{A x 1}", "(1 2)", "{A :x 1} {B}", "{A :x )}"])
def test_anything_else_is_no_tree(text: str) -> None:
    with pytest.raises(NotATree):
        read_tree(text)
