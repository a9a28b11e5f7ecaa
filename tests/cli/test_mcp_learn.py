"""`interlock mcp learn` on a real server, and what is told of tools: differences, the doctor, explanations."""

from __future__ import annotations

import json
import os
import pwd
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.test_settings import LOG, PEOPLE
from typer.testing import CliRunner, Result

from interlock.cli import app

SERVER = Path(__file__).with_name("a_listing_server.py")
FIND: dict[str, Any] = {
    "name": "find_patient",
    "description": "Finds a patient.",
    "inputSchema": {"type": "object", "properties": {"mrn": {"type": "string"}}, "additionalProperties": False},
}
NOTE: dict[str, Any] = {"name": "add_note", "inputSchema": {"type": "object"}}
POLICY = """
@id("read") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("by-number") @because("A record number.") @review("privacy-officers:1")
forbid (principal, action == Interlock::Action::"tool:records/find_patient", resource)
when { context.input has mrn };
"""


class Place:
    """A directory with settings whose one server lists what `lists` was given."""

    def __init__(self, directory: Path) -> None:
        self.listing, self.settings = directory / "listing.json", directory / "interlock.toml"
        self.file, self.policy = directory / "records.json", directory / "local.cedar"
        command = json.dumps([sys.executable, str(SERVER), str(self.listing)])
        me = pwd.getpwuid(os.geteuid()).pw_name
        server = f'[mcp.records]\ncommand = {command}\nuser = "{me}"\ntags = ["hipaa"]\n'
        self.head = f"{LOG}{PEOPLE}{server}[policy]\nfiles = ['local.cedar']\n"
        self.settings.write_text(self.head)
        self.policy.write_text(POLICY.split("@id")[0] + "@id" + POLICY.split("@id")[1])
        self.lists(FIND, NOTE)

    def lists(self, *tools: dict[str, Any]) -> None:
        self.listing.write_text(json.dumps(tools))

    def pin(self) -> None:
        """What was learnt is named in the settings, and a policy speaks of a tool."""
        assert self.learn("--yes").exit_code == 0
        self.settings.write_text(self.head + "tools = ['records.json']\n")
        self.policy.write_text(POLICY)

    def run(self, *words: str, input: str | None = None) -> Result:
        return CliRunner().invoke(app, [*words, "--settings", str(self.settings)], input=input)

    def learn(self, *words: str, input: str | None = None) -> Result:
        return self.run("mcp", "learn", "records", *words, input=input)

    def findings(self, *words: str) -> list[tuple[str, str]]:
        told = json.loads(self.run(*words, "--json").stdout)["findings"]
        return [(each["level"], each["sentence"]) for each in told if each["check"] == "mcp.records"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_learning_writes_a_file_that_can_be_pinned_as_it_is(place: Place) -> None:
    made = place.learn("--yes")
    assert made.exit_code == 0, made.output
    assert '+ tool "records/find_patient" added: can only loosen' in made.stdout
    assert "2 tools are mapped by a guess" in made.stdout
    assert '[policy] tools = ["records.json"]' in made.stdout
    assert "interlock policy propose" in made.stdout
    tools = {each["name"]: each for each in json.loads(place.file.read_text())["tools"]}
    assert tools["find_patient"]["interlock"] == {
        "does": ["read"],
        "fields": {"arguments.mrn": "phi.mrn"},
        "guessed": ["does", "fields"],
    }
    place.pin()
    before = place.file.read_bytes()
    again = place.learn("--yes")
    assert again.exit_code == 0 and "nothing was written" in again.stdout
    assert place.file.read_bytes() == before
    assert place.run("policy", "diff", "settings", "settings").exit_code == 0


def test_nothing_is_written_without_a_yes(place: Place) -> None:
    for answer in ("n\n", "\n", None):
        made = place.learn(input=answer)
        assert made.exit_code == 1
        assert not place.file.exists()
    assert place.learn(input="y\n").exit_code == 0
    assert place.file.exists()


def test_it_says_where_to(place: Place, tmp_path: Path) -> None:
    assert place.learn("--yes", "--out", str(tmp_path / "other.json")).exit_code == 0
    assert (tmp_path / "other.json").exists() and not place.file.exists()


def test_a_poisoned_description_is_shown_and_does_nothing_to_the_terminal(place: Place) -> None:
    place.pin()
    place.lists({**FIND, "description": 'Finds a patient.\n~ tool "x/y" removed\x1b[2J\u202e'}, NOTE)
    made = place.learn("--yes")
    assert '~ tool "records/find_patient" changed: may loosen or tighten' in made.stdout
    assert '      + ~ tool "x/y" removed⟨U+001B⟩[2J⟨U+202E⟩' in made.stdout
    assert "\x1b" not in made.stdout and "\u202e" not in made.stdout
    assert '\n~ tool "x/y"' not in made.stdout
    assert json.loads(place.file.read_text())["tools"][1]["interlock"]["guessed"] == ["does", "fields"]


def test_a_server_that_isnt_there(place: Place) -> None:
    place.settings.write_text(place.head.replace(str(SERVER), "/nowhere.py"))
    made = place.learn("--yes")
    assert made.exit_code == 1 and not place.file.exists()
    assert place.run("mcp", "learn", "recrods", "--yes").exit_code == 1


def test_the_difference_of_policies_tells_of_tools(place: Place, tmp_path: Path) -> None:
    place.pin()
    old = tmp_path / "old.json"
    old.write_text(place.file.read_text())
    document = json.loads(place.file.read_text())
    document["tools"][1]["interlock"] = {"does": ["read"]}
    place.file.write_text(json.dumps(document))
    said = place.run("policy", "diff", str(old), str(place.file))
    assert said.exit_code == 1
    assert "    fields arguments.mrn: can only loosen\n      - phi.mrn" in said.stdout
    assert "1 tool changed; altogether that can only loosen." in said.stdout
    told = json.loads(place.run("policy", "diff", str(old), str(place.file), "--json").stdout)
    assert told["direction"] == "loosens" and told["changes"] == []
    assert told["tools"] == [
        {
            "tool": "records/find_patient",
            "kind": "changed",
            "direction": "loosens",
            "details": [
                {"what": "fields arguments.mrn", "before": "phi.mrn", "after": "", "direction": "loosens"},
            ],
        }
    ]


def test_a_directory_of_policies_says_nothing_of_tools(place: Place, tmp_path: Path) -> None:
    place.pin()
    told = json.loads(place.run("policy", "diff", "settings", str(place.policy), "--json").stdout)
    assert told["tools"] == [] and told["changes"] == []


def test_what_the_doctor_and_the_test_of_connections_say(place: Place) -> None:
    told = place.findings("connection", "test", "records")
    assert ("OK", "reached; it lists 2 tools") in told
    assert ("WARN", "not pinned, so agents aren't told of them: add_note, find_patient") in told
    place.pin()
    told = place.findings("connection", "test")
    assert ("OK", "2 tools pinned, as the server lists them") in told
    assert ("WARN", "mapped by a guess that nobody has looked at: add_note, find_patient") in told
    place.lists({**FIND, "description": "Canary"}, {"name": "new", "inputSchema": {"type": "object"}})
    told = place.findings("doctor")
    assert ("FAIL", "listed otherwise than pinned, so refused: find_patient") in told
    assert ("WARN", "pinned, and not listed by the server: add_note") in told
    assert ("WARN", "not pinned, so agents aren't told of them: new") in told
    assert not any("Canary" in sentence for _, sentence in told)
    place.listing.write_text("{")
    assert place.run("connection", "test", "records").exit_code == 1


def test_the_list_of_connections_has_servers(place: Place) -> None:
    (row,) = json.loads(place.run("connection", "list", "--json").stdout)
    assert (row["name"], row["kind"], row["tags"], row["unpinned"]) == ("records", "mcp", ["hipaa"], "hide")
    assert row["server"] == sys.executable
    assert str(place.listing) not in place.run("connection", "list").stdout


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "told"),
    [
        ("records/find_patient", "{}", 0, "read"),
        ("records/find_patient", '{"mrn": "1"}', 1, "by-number"),
        ("records/add_note", "{}", 1, "No policy permits"),
        ("records/find_patient", '{"other": 1}', 2, "the door refuses this before any policy is asked"),
        ("records/find_patients", "{}", 2, 'did you mean "records/find_patient"'),
    ],
)
def test_calls_are_explained(place: Place, tool: str, arguments: str, code: int, told: str) -> None:
    place.pin()
    said = place.run("policy", "explain", "--actor", "etl-agent", "--tool", tool, "--arguments", arguments)
    assert told in f"{said.output} {said.exception}"
    assert said.exit_code == min(code, 1)
