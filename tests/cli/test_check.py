"""`interlock check` and `interlock policy check`: every mistake, wherever it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from interlock.cli.check import check
from interlock.cli.init import init
from interlock.cli.policy import check as policy_check
from interlock.errors import Mistakes, PolicyMistakes, SettingsMistakes


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    init(tmp_path, "interlock.local/clinic/1", "n1")
    return tmp_path / "interlock.toml"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_mistakes_of_settings_policies_and_catalogs_come_together(settings: Path) -> None:
    change(settings, "sessions = 512", "sesions = 512")
    change(settings.parent / "policies" / "local.cedar", "@because", "@becuase")
    (settings.parent / "catalogs" / "clinic.toml").write_text("[nonsense", encoding="utf-8")
    with pytest.raises(SettingsMistakes) as caught:
        check(settings)
    told = "\n".join(caught.value.mistakes)
    assert 'interlock.toml: [limits] sesions: there is no such key; did you mean "sessions"?' in told
    assert "local.cedar:6: unknown annotation @becuase; did you mean @because?" in told
    assert "clinic.toml" in told


def test_a_group_that_nobody_is_in_any_more_is_a_mistake_of_the_pack(settings: Path) -> None:
    change(settings, 'groups = ["privacy-officers"]', "groups = []")
    with pytest.raises(SettingsMistakes) as caught:
        check(settings)
    assert all("privacy-officers" in mistake for mistake in caught.value.mistakes)
    assert caught.value.mistakes[0].startswith("packs/agents.cedar:")


def test_a_missing_file_is_told_of_once(settings: Path) -> None:
    (settings.parent / "policies" / "local.cedar").unlink()
    (settings.parent / "catalogs" / "clinic.toml").unlink()
    with pytest.raises(SettingsMistakes) as caught:
        check(settings)
    assert sorted(caught.value.mistakes) == [
        "interlock.toml: [connections.clinic] catalog: there is no file catalogs/clinic.toml",
        "interlock.toml: [policy] files: there is no file policies/local.cedar",
    ]


def test_settings_that_cant_be_read(tmp_path: Path) -> None:
    for command in (check, policy_check):
        with pytest.raises(SettingsMistakes, match="`interlock init` writes one"):
            command(tmp_path / "interlock.toml")


def test_policy_check_tells_count_and_digest(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    policy_check(settings)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch("[0-9]+ policies in packs/agents.cedar, local.cedar: no mistakes", first)
    assert second.startswith("digest ") and len(second) == len("digest ") + 64


def test_policy_check_lists_every_mistake(settings: Path) -> None:
    policy = settings.parent / "policies" / "local.cedar"
    policy.write_text("forbid (principal, action, resource);\npermit (principal", encoding="utf-8")
    with pytest.raises(PolicyMistakes) as caught:
        policy_check(settings)
    assert [mistake.split(": ")[0] for mistake in caught.value.mistakes] == ["local.cedar:1", "local.cedar:2"]


def test_mistakes_are_one_kind_of_error_that_the_command_line_lists(settings: Path) -> None:
    change(settings, "sessions = 512", "sessions = 0")
    for command in (check, policy_check):
        with pytest.raises(Mistakes):
            command(settings)


def test_warnings_are_told_and_are_no_mistakes(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(settings, 'url = "http://127.0.0.1:8080"', 'url = "http://interlock.localhost:8080"')
    capsys.readouterr()
    for command in (check, policy_check):
        command(settings)
        assert capsys.readouterr().err == ""
    policy = settings.parent / "policies" / "local.cedar"
    idle = "forbid (principal, action, resource) when { context.hour > 22 && context.hour < 6 };"
    policy.write_text(f'@id("idle") {idle}', encoding="utf-8")
    for command in (check, policy_check):
        command(settings)
        told = capsys.readouterr()
        assert told.err == 'warning: local.cedar:1: nothing that can be asked makes the forbid "idle" fire\n'
        assert "no mistakes" in told.out
    change(settings, "interlock.localhost", "127.0.0.1")
    check(settings)
    assert "warning: interlock.toml: [control] url: every server at 127.0.0.1, on any port" in capsys.readouterr().err


def test_pinned_tools_whose_schemas_cant_be_used_are_named(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ahead = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=a)b"}}}
    tools = [
        {"name": "fine", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}},
        {"name": "ahead", "inputSchema": ahead},
        {"name": "far", "inputSchema": {"type": "object"}, "outputSchema": {"$ref": "https://a.test/schema"}},
    ]
    (settings.parent / "tools.json").write_text(json.dumps({"connection": "tracker", "tools": tools}))
    change(settings, "[policy]", '[policy]\ntools = ["tools.json"]')
    capsys.readouterr()
    check(settings)
    told = [line for line in capsys.readouterr().err.splitlines() if "the tool" in line]
    assert [line.partition(": ")[2].partition(": ")[0] for line in told] == [
        "the tool tracker/ahead can't be called",
        "masked results of the tool tracker/far may not fit its output schema",
    ]
    assert "output schema refers to something outside" in told[1]


def test_tokens_that_every_mcp_connection_takes_are_warned_of(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with settings.open("a", encoding="utf-8") as file:
        file.write('[mcp.tracker]\nurl = "https://t.test/"\n[issuers.x]\nissuer = "https://x.test"\naudience = "a"\n')
    check(settings)
    assert "[listen.agents] url isn't set" in capsys.readouterr().err
    change(settings, "[listen.agents]", '[listen.agents]\nurl = "https://gateway.acme.test"')
    check(settings)
    assert "url isn't set" not in capsys.readouterr().err
