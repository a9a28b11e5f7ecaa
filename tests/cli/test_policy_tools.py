"""`interlock policy check`, `diff` and `explain` as they are called; the server's part of `explain` on a real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.a_recorded_log import installed
from tests.postgres_fixture import ClinicDatabase
from typer.testing import CliRunner, Result

from interlock.cli import app
from interlock.demo.embedded_postgres import free_port
from interlock.errors import InterlockError, PolicyMistakes, SettingsMistakes

CASES = """
[[case]]
name = "an export: held"
actor = "etl-agent"
connection = "clinic"
verb = "sql.copy_out"
resource = "public.patients"
labels = ["phi.mrn"]
expect = "review"
"""
ALONE = """
[around]
packs = ["agents"]
[around.groups]
privacy-officers = ["dana"]
platform-engineers = ["olivia"]
ai-agents = []
[around.agents]
a = ["ai-agents"]
[around.connections.clinic]
environment = "production"
""" + CASES.replace("etl-agent", "a")
TOOLS = """{"connection": "clinic", "tools": [{"name": "note", "interlock": {"does": ["read"]}, "inputSchema":
 {"type": "object", "properties": {"text": {"type": "string"}, "days": {"type": "integer"}}}}]}"""

AGENTS, CATALOGS = 'principal in Interlock::Group::"ai-agents"', "resource is Interlock::Catalog"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    return installed(tmp_path)


def call(settings: Path, *words: str) -> Result:
    done = CliRunner().invoke(app, ["policy", *words, "--settings", str(settings)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def run(settings: Path, *words: str, code: int) -> Any:
    done = call(settings, *words, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def local(settings: Path, text: str) -> None:
    (settings.parent / "policies" / "local.cedar").write_text(text, encoding="utf-8")


# -- check ------------------------------------------------------------------------------------------------------------


def test_check_for_programs(settings: Path) -> None:
    found = run(settings, "check", code=0)
    assert found["format"] == "interlock/policy-check/v1"
    assert (found["mistakes"], found["warnings"], found["files"]) == ([], [], ["packs/agents.cedar", "local.cedar"])
    local(settings, "permit (principal")
    found = run(settings, "check", code=2)
    assert found["mistakes"][0].startswith("local.cedar:1: ") and found["digest"] == ""


def test_warnings_are_told_and_fail_only_where_that_is_asked_for(settings: Path) -> None:
    local(settings, f'@id("twice") permit ({AGENTS}, action == Interlock::Action::"sql.select", {CATALOGS});')
    (warning,) = run(settings, "check", code=0)["warnings"]
    assert (warning["code"], warning["policy"], warning["file"], warning["line"]) == (
        "shadowed",
        "twice",
        "local.cedar",
        1,
    )
    assert call(settings, "check").stderr.startswith('warning: local.cedar:1: the permit "twice": it says no more than')
    assert call(settings, "check", "--strict").exit_code == 1


def test_check_tells_of_a_review_that_only_the_owner_could_sign(settings: Path) -> None:
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('owner = "olga"', 'owner = "priya"'), encoding="utf-8")
    found = run(settings, "check", code=0)["warnings"]
    assert {each["code"] for each in found} == {"unsignable"}
    assert "only priya could sign, and may not sign what etl-agent asks for" in found[0]["sentence"]


# -- diff -------------------------------------------------------------------------------------------------------------


def test_diff_of_files_directories_packs_and_what_is_in_force(settings: Path) -> None:
    policies = str(settings.parent / "policies")
    file = f"{policies}/local.cedar"
    for old, new in ((file, policies), ("in-force", "settings"), ("pack:agents", "pack:agents")):
        assert run(settings, "diff", old, new, code=0)["changes"] == []
        assert call(settings, "diff", old, new).stdout == "The policies are the same.\n"
    found = run(settings, "diff", "pack:agents", "settings", code=1)
    assert [(each["policy"], each["kind"], each["direction"]) for each in found["changes"]] == [
        ("no-drop", "added", "tightens")
    ]
    assert found["direction"] == "tightens" and found["changes"][0]["after"] == "local.cedar:5"
    told = call(settings, "diff", "settings", "pack:agents")
    assert told.exit_code == 1
    assert told.stdout.splitlines() == [
        '- forbid "no-drop" removed: can only loosen (local.cedar:5)',
        "1 policy changed; altogether that can only loosen.",
    ]


def test_diff_tells_what_can_t_be_compared(settings: Path) -> None:
    for wrong, said in (
        ("nothing.cedar", "can't be read"),
        ("pack:agent", "did you mean"),
        (str(settings.parent), "no file"),
    ):
        with pytest.raises(SettingsMistakes, match=said):
            call(settings, "diff", wrong, "settings")
    local(settings, "permit (principal")
    with pytest.raises(PolicyMistakes, match=r"local\.cedar:1"):
        call(settings, "diff", "pack:agents", str(settings.parent / "policies"))


# -- explain ----------------------------------------------------------------------------------------------------------


def explained(settings: Path, *words: str, code: int) -> Any:
    return run(settings, "explain", *words, code=code)


def test_an_action_told_by_its_parts(settings: Path) -> None:
    words = (
        "--actor",
        "etl-agent",
        "--connection",
        "clinic",
        "--verb",
        "sql.copy_out",
        "--resource",
        "public.patients",
    )
    found = explained(settings, *words, "--labels", "phi.mrn", code=1)
    assert (found["outcome"], found["needs"], found["masked"]) == ("held", "privacy-officers:1", ["phi.mrn"])
    assert found["signing"]["eligible"] == {"privacy-officers": ["priya"]} and found["signing"]["possible"]
    assert [(s["policy"], s["voice"]) for s in found["requests"][0]["spoke"]] == [
        ("phi-export-needs-privacy-officer", "holds"),
        ("sensitive-export-needs-privacy-officer", "holds"),
        ("agents-export", "permits"),
    ]
    assert {(c["change"], c["what"], c["outcome"]) for c in found["changes"]} >= {
        ("signed", "privacy-officers:1", "allowed"),
        ("without_label", "phi", "allowed"),
    }
    assert explained(settings, *words, code=0)["outcome"] == "allowed"
    text = call(settings, "explain", *words, "--labels", "phi.mrn").stdout
    assert text.startswith("held: etl-agent on clinic\n") and "without the label phi: allowed (agents-export)" in text


def test_the_owner_may_not_sign(settings: Path) -> None:
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('owner = "olga"', 'owner = "priya"'), encoding="utf-8")
    words = ("--actor", "etl-agent", "--connection", "clinic", "--verb", "sql.copy_out", "--labels", "phi.mrn")
    signing = explained(settings, *words, code=1)["signing"]
    assert (signing["eligible"], signing["possible"]) == ({"privacy-officers": []}, False)
    assert "those people can't meet it" in call(settings, "explain", *words).stdout


def test_flags_and_delegators(settings: Path) -> None:
    words = ("--connection", "clinic", "--verb", "sql.update", "--resource", "public.a", "--on-behalf-of", "priya")
    found = explained(settings, "--actor", "etl-agent", *words, "--unbounded", code=1)
    assert found["on_behalf_of"] == ["priya"]
    assert {request["actor"] for request in found["requests"]} == {"etl-agent", "priya"}
    assert found["outcome"] == "denied"  # the pack permits people nothing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one of --sql, --tool, --case and --verb"),
        (("--sql", "SELECT 1", "--verb", "sql.select"), "one of"),
        (("--verb", "sql.selct", "--actor", "etl-agent", "--connection", "clinic"), 'did you mean "sql.select"'),
        (("--verb", "sql.select", "--actor", "etl", "--connection", "clinic"), 'nobody here is called "etl"'),
        (("--tool", "clinic/x", "--actor", "etl"), 'nobody here is called "etl"'),
        (("--tool", "clinc/x", "--actor", "etl-agent"), 'did you mean "clinic"'),
        (("--tool", "clinic/x", "--actor", "etl-agent", "--arguments", "[1]"), "takes a JSON object"),
        (("--sql", "SELECT 1", "--actor", "etl-agent", "--connection", "x"), 'there is no connection "x"'),
        (("--sql", "SELECT 1", "--actor", "etl-agent", "--reveal", "a.b.c.d"), "--reveal names"),
        (("--case", "nothing.toml:x"), "can't be read"),
    ],
)  # fmt: skip
def test_what_can_t_be_explained_says_why(settings: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(InterlockError, match=said):
        call(settings, "explain", *words)


def test_cases_of_the_settings_and_cases_that_stand_alone(settings: Path) -> None:
    for name, text in (("cases.toml", CASES), ("alone.toml", ALONE)):
        file = settings.parent / name
        file.write_text(text, encoding="utf-8")
        found = explained(settings, "--case", f"{file}:an export: held", code=1)
        assert (found["outcome"], found["needs"]) == ("held", "privacy-officers:1")
        with pytest.raises(SettingsMistakes, match='there is no case "an exprt: held"; did you mean'):
            call(settings, "explain", "--case", f"{file}:an exprt: held")
    assert explained(settings.parent / "nowhere.toml", "--case", f"{file}:an export: held", code=1)["outcome"] == "held"


def test_a_tool_s_call_by_its_pinned_definition(settings: Path) -> None:
    tools = settings.parent / "tools.json"
    tools.write_text(TOOLS, encoding="utf-8")
    local(settings, """@id("few-days") @because("x") @review("platform-engineers:1")
        forbid (principal, action == Interlock::Action::"tool:clinic/note", resource)
        when { context.input has days && context.input.days > 7 };""")  # fmt: skip
    words = ("--actor", "etl-agent", "--tool", "clinic/note", "--tools", str(tools))
    assert explained(settings, *words, "--arguments", '{"text": "a", "days": 3}', code=0)["outcome"] == "allowed"
    found = explained(settings, *words, "--arguments", '{"text": "a", "days": 9}', code=1)
    assert (found["outcome"], found["policies"]) == ("held", ["few-days"])
    odd = explained(settings, *words, "--arguments", '{"text": "a", "more": 1}', code=0)
    assert odd["opaque_because"] == ["some arguments aren't of a kind that policies can read"]
    assert "more" not in json.dumps(odd["requests"])


# -- explain --sql ----------------------------------------------------------------------------------------------------


@pytest.fixture
def clinic_settings(settings: Path, clinic: ClinicDatabase, monkeypatch: pytest.MonkeyPatch) -> Path:
    up = clinic.upstream
    monkeypatch.setenv("CLINIC_PASSWORD", up.password.reveal())
    text = settings.read_text(encoding="utf-8")
    for old, new in (
        ("port = 5432", f"port = {up.port}"),
        ('host = "127.0.0.1"\nport', f'host = "{up.host}"\nport'),
        ('database = "clinic"', f'database = "{up.database}"'),
        ('user = "interlock"', f'user = "{up.user}"'),
    ):
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")
    return settings


def sql(settings: Path, text: str, *words: str, code: int) -> Any:
    return explained(settings, "--actor", "etl-agent", "--connection", "clinic", "--sql", text, *words, code=code)


def test_a_statement_is_described_by_the_server_and_never_run(clinic_settings: Path, clinic: ClinicDatabase) -> None:
    found = sql(clinic_settings, "SELECT mrn, ssn FROM patients WHERE mrn = 'MRN-0000-secret'", code=0)
    assert found["masked"] == ["phi.mrn", "phi.ssn"] and found["outcome"] == "allowed"
    assert found["statements"] == ["SELECT mrn, ssn FROM patients WHERE mrn = ?"]
    assert "secret" not in json.dumps(found)
    count = "SELECT count(*) FROM patients"
    with clinic.admin() as admin:
        before = admin.execute(count).fetchone()
        assert sql(clinic_settings, "DELETE FROM patients", code=1)["policies"] == [
            "unbounded-write-needs-platform-engineer"
        ]
        assert admin.execute(count).fetchone() == before


def test_a_copy_out_is_held_and_a_reveal_is_asked_for(clinic_settings: Path) -> None:
    held = sql(clinic_settings, "COPY (SELECT mrn FROM patients) TO STDOUT", code=1)
    assert {request["verb"] for request in held["requests"]} == {"sql.copy_out", "sql.select"}
    assert held["needs"] == "privacy-officers:1" and held["masked"] == ["phi.mrn"]
    shown = sql(clinic_settings, "SELECT mrn FROM patients", "--reveal", "patients.mrn", code=1)
    assert [request["reveal"] for request in shown["requests"]] == ["", "phi.mrn"]


def test_parameters_need_no_values(clinic_settings: Path) -> None:
    found = sql(clinic_settings, "SELECT mrn FROM patients WHERE id = $1", code=0)
    assert found["statements"] == ["SELECT mrn FROM patients WHERE id = ?"]


def test_what_isn_t_understood_is_refused_and_what_the_server_refuses_is_told(clinic_settings: Path) -> None:
    refused = sql(clinic_settings, "SELEC mrn FROM patients", code=1)
    assert (refused["codes"], refused["requests"], refused["changes"]) == (["refused"], [], [])
    with pytest.raises(InterlockError, match=r"There is no column of that name\. \(42703\)"):
        sql(clinic_settings, "SELECT nothing_here FROM patients", code=2)


def test_a_server_that_is_away_is_told(settings: Path) -> None:
    text = settings.read_text(encoding="utf-8").replace("port = 5432", f"port = {free_port()}")
    settings.write_text(text, encoding="utf-8")
    with pytest.raises(InterlockError, match="can't be reached"):
        sql(settings, "SELECT 1", code=2)
