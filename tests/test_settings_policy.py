"""`[policy]` and `unsafe_observe`: zone, approvers, tools, and what they make of the bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.test_settings import ENVIRON, WHOLE, mistakes, write

from interlock.errors import Mistakes, PolicyMistakes
from interlock.model.decision import Quorum, Requirements
from interlock.model.names import ConnectionName, GroupName
from interlock.model.settings import Settings
from interlock.settings import (
    bundle_of,
    load,
    load_bundle,
    load_sources,
    load_texts,
    load_tools,
    policies_digest,
    unsafe,
)
from interlock.settings.tools import read_tools

ISSUE = {"name": "createIssue", "description": "Opens one.", "inputSchema": {"type": "object", "properties": {}}}
TOOLS = {"connection": "github", "tools": [ISSUE]}
UNSEEN = ("\u202e", "\u2066", "\u200b", "\u00ad", "\u3164", "\ufe0f", "\U000e0041", "\u00a0", "\u0301\u0301\u0301")
POLICY = '@id("a") permit (principal, action, resource);'


def settings(directory: Path, policy: str, tools: object = TOOLS) -> Settings:
    (directory / "local.cedar").write_text(POLICY)
    (directory / "github.json").write_text(tools if isinstance(tools, str) else json.dumps(tools))
    return load(write(directory, WHOLE + f"[policy]\n{policy}"), ENVIRON)


def test_who_signs_for_policies(tmp_path: Path) -> None:
    asked = settings(tmp_path, 'approvers = "privacy-officers:1"\nexpires = "2h"').policy.approvers
    quorums = (Quorum(GroupName("privacy-officers"), 1),)
    assert asked == Requirements(quorums, timedelta(hours=2), timedelta(minutes=10))
    assert settings(tmp_path, "").policy.approvers is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('approvers = "privacy-oficers:1"', "approvers: this names the unknown group"),
        ('approvers = "privacy-officers:2"', 'approvers: this asks for 2 of "privacy-officers", which has 1 person'),
        ('approvers = "ai-agents:1"', 'approvers: this asks for 1 of "ai-agents", which has no people'),
        ('approvers = "privacy-officers"', 'approvers: this needs "group:number"'),
        ("approvers = 1", "approvers: this must be a string"),
        ('expires = "8d"', "expires: this must be a duration"),
        ('valid = "2d"', 'valid: this must be a duration such as "10m" (s, m, h or d), at most 1d'),
        ('valid = "0m"', "valid: this must be a duration"),
        ('zone = "Europe/Berlim"', 'zone: "Europe/Berlim" isn\'t a time zone that this system knows'),
        ('zone = "../../etc/passwd"', "zone: "),
        ('tools = ["missing.json"]', "tools: there is no file missing.json"),
    ],
)
def test_mistakes_in_the_table(tmp_path: Path, line: str, sentence: str) -> None:
    found = mistakes(tmp_path, WHOLE + f"[policy]\n{line}\n")
    assert [mistake for mistake in found if mistake.startswith(f"interlock.toml: [policy] {sentence}")], found


def test_the_zone_of_hours(tmp_path: Path) -> None:
    assert settings(tmp_path, "").policy.zone is UTC
    assert settings(tmp_path, 'zone = "UTC"').policy.zone is UTC
    assert settings(tmp_path, 'zone = "Europe/Berlin"').policy.zone == ZoneInfo("Europe/Berlin")


def test_tools_are_part_of_the_bundle_and_of_its_digest(tmp_path: Path) -> None:
    plain = settings(tmp_path, 'files = ["local.cedar"]')
    with_tools = settings(tmp_path, 'files = ["local.cedar"]\ntools = ["github.json"]')
    assert set(load_texts(with_tools)) == {"local.cedar", "tools/github.json"}
    assert set(load_sources(with_tools)) == {"local.cedar"}
    (tool,) = load_tools(with_tools)
    assert (tool.id, tool.description, dict(tool.input_schema)) == (
        "github/createIssue",
        "Opens one.",
        ISSUE["inputSchema"],
    )
    first, second = load_bundle(plain).digest, load_bundle(with_tools).digest
    assert first != second == policies_digest(load_texts(with_tools))
    other = {**TOOLS, "tools": [{**ISSUE, "description": "Opens another."}]}
    assert load_bundle(settings(tmp_path, 'tools = ["github.json"]', other)).digest not in (first, second)


def test_mistakes_in_policies_and_tools_come_together(tmp_path: Path) -> None:
    found = settings(tmp_path, 'files = ["local.cedar"]\ntools = ["github.json"]', "{")
    texts = {**load_texts(found), "local.cedar": "permit (principal, action, resource);"}
    with pytest.raises(PolicyMistakes) as caught:
        bundle_of(found, texts)
    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == ["tools/github.json", "local.cedar"]
    for load_it in (load_bundle, load_tools):
        with pytest.raises(Mistakes, match=r"tools/github\.json"):
            load_it(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "this isn't JSON"),
        ("[]", "this must be an object"),
        ('{"connection": "x"}', "this must be an object"),
        ('{"tools": [], "tools": []}', "tools/x.json: "),
        ('{"tools": []}', '"connection" must say whose tools these are'),
        ('{"connection": "Git Hub", "tools": []}', '"connection" must say'),
        ('{"connection": "x", "tools": [1]}', "tool 1: this must be an object"),
        ('{"connection": "x", "tools": [{}]}', 'tool 1: "name" must be'),
        ('{"connection": "x", "tools": [{"name": "a\\u0007"}]}', 'tool 1: "name" must be'),
        ('{"connection": "x", "tools": [{"name": "a", "inputSchema": []}]}', '"inputSchema" of "a" must be an object'),
        ('{"connection": "x", "tools": [{"name": "a", "description": 1}]}', '"description" of "a" must be a string'),
        ('{"connection": "x", "tools": [{"name": "a"}, {"name": "a"}]}', 'tool 2: "a" is there already'),
        ('{"connection": "x", "tools": [{"name": "a", "inputSchema": {"x": 1e999}}]}', "tools/x.json: "),
        ("[" * 100_000, "tools/x.json: "),
        *(
            (json.dumps({"connection": "x", "tools": [{"name": f"a{unseen}b"}]}), 'tool 1: "name" must be')
            for unseen in UNSEEN
        ),
        *(
            (
                json.dumps({"connection": "x", "tools": [{"name": "a", part: {"properties": {f"m{unseen}rn": {}}}}]}),
                told,
            )
            for unseen in UNSEEN
            for part, told in (("inputSchema", 'a property of "a"'), ("outputSchema", 'a property of "a"'))
        ),
        *(
            (json.dumps({"connection": "x", "tools": [{"name": "a", "interlock": said}]}), told)
            for said, told in (
                ({"fields": {"result.m\u200brn": "phi.mrn"}}, "result.m⟨U+200B⟩rn"),
                ({"resources": ["r/{o\u2066wner}"]}, "r/{o⟨U+2066⟩wner}"),
                ({"lab\u00adels": []}, "lab⟨U+00AD⟩els"),
            )
        ),
    ],
)
def test_what_a_tools_file_may_not_be(text: str, sentence: str) -> None:
    tools, found = read_tools("tools/x.json", text)
    assert (not tools and len(found) == 1) or "there already" in sentence
    assert found[0].startswith("tools/x.json: ") and sentence in found[0]


def test_two_files_may_not_define_one_tool() -> None:
    first, _ = read_tools("tools/a.json", json.dumps(TOOLS))
    _, found = read_tools("tools/b.json", json.dumps(TOOLS), first)
    assert found == ['tools/b.json: tool 1: "createIssue" is there already']


OFFERS: dict[str, Any] = {
    **TOOLS,
    "resources": [{"uriTemplate": "repo://{owner}/{+path}", "interlock": {"labels": ["secret"]}}],
    "prompts": [{"name": "triage", "description": "Not read.", "interlock": {"labels": ["phi"]}}, {"name": "plain"}],
}


def test_resources_and_prompts_are_part_of_the_bundle_and_of_its_digest(tmp_path: Path) -> None:
    def made(tools: object) -> Settings:
        return settings(tmp_path, 'files = ["local.cedar"]\ntools = ["github.json"]', tools)

    bundle = load_bundle(made(OFFERS))
    assert {offer.id: set(offer.labels) for offer in bundle.rules.offers} == {
        "github/resources/repo://{owner}/{+path}": {"secret"},
        "github/prompts/triage": {"phi"},
        "github/prompts/plain": set(),
    }
    assert bundle.digest == policies_digest(load_texts(made(OFFERS)))
    digests = {bundle.digest, load_bundle(made(TOOLS)).digest}
    for key, changed in (
        ("prompts", [{"name": "triage"}, {"name": "plain"}]),
        ("prompts", OFFERS["prompts"][:1]),
        ("resources", [{"uriTemplate": "repo://{owner}/{path}", "interlock": {"labels": ["secret"]}}]),
        ("resources", [{**OFFERS["resources"][0], "interlock": {"labels": ["secret", "phi"]}}]),
    ):
        digests.add(load_bundle(made({**OFFERS, key: changed})).digest)
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("offers", "sentence"),
    [
        ({"resources": {}}, "resources: this must be an array"),
        ({"resources": [1]}, 'resources 1: this must be an object with "uriTemplate"'),
        ({"resources": [{"uri": "a:b"}]}, 'resources 1: this must be an object with "uriTemplate"'),
        ({"resources": [{"uriTemplate": "notes"}]}, "resources 1: "),
        ({"resources": [{"uriTemplate": "a://\u3164"}]}, "resources 1: "),
        ({"resources": [{"uriTemplate": "a:b"}, {"uriTemplate": "a:b"}]}, 'resources 2: "a:b" is there already'),
        ({"prompts": [{"name": "a\u200b"}]}, 'prompts 1: "name" must be'),
        ({"prompts": [{"name": " "}]}, 'prompts 1: "name" must be'),
        ({"prompts": [{"name": "x" * 129}]}, 'prompts 1: "name" must be'),
        ({"prompts": [{"name": "a", "interlock": []}]}, "must be an object"),
        ({"prompts": [{"name": "a", "interlock": {"label": []}}]}, 'no such key as "label"; did you mean "labels"'),
        ({"prompts": [{"name": "a", "interlock": {"labels": "phi"}}]}, "must be an array of strings"),
        ({"prompts": [{"name": "a", "interlock": {"labels": ["P H I"]}}]}, 'prompts 1: "interlock": '),
    ],
)
def test_what_resources_and_prompts_may_not_be(tmp_path: Path, offers: dict[str, object], sentence: str) -> None:
    with pytest.raises(Mistakes) as caught:
        load_bundle(settings(tmp_path, 'tools = ["github.json"]', {**TOOLS, **offers}))
    (mistake,) = caught.value.mistakes
    assert mistake.startswith("tools/github.json: ") and sentence in mistake


def test_a_connection_on_which_nothing_is_stopped_is_told_of(tmp_path: Path) -> None:
    quiet = load(write(tmp_path, WHOLE), ENVIRON)
    assert unsafe(quiet) == []
    loud = load(write(tmp_path, WHOLE + "unsafe_observe = true\n"), ENVIRON)
    clinic = loud.connections[ConnectionName("clinic")]
    assert clinic.connection == replace(quiet.connections[ConnectionName("clinic")].connection, unsafe_observe=True)
    (sentence,) = unsafe(loud)
    assert sentence.startswith("[connections.clinic] unsafe_observe: nothing is stopped or masked here")


def test_a_group_that_a_directory_or_provider_fills_is_large_enough_while_policies_load(tmp_path: Path) -> None:
    filled = WHOLE + '[policy]\nfiles = ["local.cedar"]\n' + '[provisioning.groups]\n"Night shift" = "night"\n'
    policy = '@id("a") @review("night:2") forbid (principal, action, resource);'
    (tmp_path / "local.cedar").write_text(policy)
    assert load_bundle(load(write(tmp_path, filled), ENVIRON))
    claimed = filled.replace(
        "[provisioning.groups]", '[oidc]\nissuer = "https://i.test"\nclient_id = "c"\n[oidc.groups]'
    )
    assert load_bundle(load(write(tmp_path, claimed), ENVIRON))
    (tmp_path / "local.cedar").write_text(policy.replace("night:2", "nightly:2"))
    with pytest.raises(PolicyMistakes, match="unknown group"):
        load_bundle(load(write(tmp_path, filled), ENVIRON))
    signing = filled.replace("[policy]", '[policy]\napprovers = "night:3"')
    assert load(write(tmp_path, signing), ENVIRON).policy.approvers is not None
    first = filled.replace("[provisioning.groups]", '[provisioning]\napprovers = "night:1"\n[provisioning.groups]')
    assert "has no people" in "\n".join(mistakes(tmp_path, first))  # somebody signs for the first who joins
