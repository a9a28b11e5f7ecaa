"""`interlock policy test`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from interlock.cli import policy_test
from interlock.cli.init import init
from interlock.errors import Mistakes, SettingsMistakes
from interlock.settings.policy import pack_names

CASE = """
[[case]]
name = "patients are read, masked"
actor = "etl-agent"
connection = "clinic"
verb = "sql.select"
resource = "public.patients"
labels = ["phi.mrn"]
expect = "{expect}"
"""
DROP = """
[[case]]
name = "nothing is dropped"
actor = "etl-agent"
connection = "clinic"
verb = "sql.drop"
resource = "public.patients"
expect = "deny"
because = ["no-drop"]
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    init(tmp_path, "interlock.local/clinic/1", "n1")
    capsys.readouterr()
    return tmp_path / "interlock.toml"


def cases(tmp_path: Path, text: str, name: str = "cases.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("pack", sorted(pack_names()))
def test_every_packs_cases_run_without_settings(
    pack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    policy_test.try_cases(pack=pack, strict=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(" cases, all as expected")
    assert second.startswith("every policy under test spoke (")


def test_cases_on_the_policies_of_the_settings(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cases(settings.parent, CASE.format(expect="allow") + DROP)
    policy_test.try_cases([file], settings=settings)
    assert capsys.readouterr().out.splitlines() == ["2 cases, all as expected", "every policy under test spoke (1)"]


def test_what_comes_out_otherwise_is_told_and_fails(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cases(settings.parent, CASE.format(expect="deny") + DROP)
    with pytest.raises(typer.Exit) as left:
        policy_test.try_cases([file], settings=settings)
    assert left.value.exit_code == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAILED cases.toml: patients are read, masked",
        "    expected deny, got allow",
        "1 of 2 cases came out otherwise",
        "every policy under test spoke (1)",
    ]


def test_a_policy_that_no_case_made_speak_is_told_and_fails_only_if_asked(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cases(settings.parent, CASE.format(expect="allow"))
    policy_test.try_cases([file], settings=settings)
    assert capsys.readouterr().out.splitlines()[1] == "no case made these policies speak: no-drop"
    with pytest.raises(typer.Exit) as left:
        policy_test.try_cases([file], settings=settings, strict=True)
    assert left.value.exit_code == 1


def test_several_files_count_as_one(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = cases(settings.parent, CASE.format(expect="allow"), "one.toml")
    other = cases(settings.parent, DROP, "other.toml")
    policy_test.try_cases([one, other], settings=settings, strict=True)
    assert capsys.readouterr().out.splitlines()[0] == "2 cases, all as expected"


def test_json_is_one_object(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = cases(settings.parent, CASE.format(expect="deny"))
    with pytest.raises(typer.Exit):
        policy_test.try_cases([file], settings=settings, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["failed"]) == (0, 1)
    assert told["failures"][0]["case"] == "patients are read, masked"
    assert told["coverage"] == {"policies": 1, "silent": ["no-drop"]}


def test_a_file_with_its_own_surroundings_and_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.cedar").write_text(
        '@id("mine") permit (principal in Interlock::Group::"ai-agents", action, resource);', encoding="utf-8"
    )
    around = (
        '[around]\nfiles = ["mine.cedar"]\n[around.groups]\nai-agents = []\n'
        '[around.agents]\netl-agent = ["ai-agents"]\n[around.connections.clinic]\nenvironment = "production"\n'
    )
    policy_test.try_cases([cases(tmp_path, around + CASE.format(expect="allow"))], settings=tmp_path / "none.toml")
    assert capsys.readouterr().out.splitlines() == ["1 case, all as expected", "every policy under test spoke (1)"]


def test_mistakes_of_all_files_come_together(settings: Path) -> None:
    one = cases(settings.parent, CASE.format(expect="alow"), "one.toml")
    other = cases(settings.parent, CASE.replace("etl-agent", "etl-agnt").format(expect="allow"), "other.toml")
    with pytest.raises(Mistakes) as caught:
        policy_test.try_cases([one, other], settings=settings)
    assert [mistake.split(": ")[0] for mistake in caught.value.mistakes] == ["one.toml", "other.toml"]
    assert all("did you mean" in mistake for mistake in caught.value.mistakes)


def test_what_is_to_be_tested_must_be_there(settings: Path) -> None:
    for told, arguments in (
        ("name a cases file, or a pack", {}),
        ('there is no pack "hippa"; did you mean "hipaa"?', {"pack": "hippa"}),
        ("gone.toml: this can't be read", {"files": [settings.parent / "gone.toml"]}),
    ):
        with pytest.raises(SettingsMistakes, match=told.replace("?", r"\?")):
            policy_test.try_cases(**arguments)


def test_a_file_thats_no_text(tmp_path: Path) -> None:
    (tmp_path / "cases.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsMistakes, match=r"cases\.toml: this isn't UTF-8"):
        policy_test.try_cases([tmp_path / "cases.toml"])


def test_a_pack_that_isnt_there_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    around = (
        '[around]\npacks = ["agnts"]\n[around.agents]\netl-agent = []\n[around.connections.clinic]\nenvironment = "x"\n'
    )
    with pytest.raises(Mistakes, match='there is no pack "agnts"; did you mean "agents"'):
        policy_test.try_cases([cases(tmp_path, around + CASE.format(expect="allow"))])


def test_the_command_exits_with_0_1_and_2(settings: Path) -> None:
    good = cases(settings.parent, CASE.format(expect="allow"), "good.toml")
    wrong = cases(settings.parent, CASE.format(expect="deny"), "wrong.toml")
    mistaken = cases(settings.parent, CASE.format(expect="no"), "mistaken.toml")
    for file, code in ((good, 0), (wrong, 1), (mistaken, 2)):
        command = [sys.executable, "-m", "interlock.cli", "policy", "test", str(file), "--settings", str(settings)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stderr
