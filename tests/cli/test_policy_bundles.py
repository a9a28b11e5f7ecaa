"""`interlock policy propose`, `history`, `show`, `unsafe-pin` and `check`, beside `interlock serve` in a child."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.an_installation import PATIENCE, POLICY, Installation, installation
from typer.testing import CliRunner, Result

from interlock import settings
from interlock.cli import app
from interlock.errors import UpstreamFailed
from interlock.settings.rules import FILES_DIFFER

STRICTER = POLICY + '@id("no-writes")\nforbid (principal, action in Interlock::Action::"write", resource);\n'


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def run(here: Installation, *words: str, holder: str | None = "dana") -> Result:
    """The command line, with the key of `holder`."""
    env = {"INTERLOCK_TOKEN": here.key(holder) if holder else "", "INTERLOCK_URL": "", "COLUMNS": "200"}
    return CliRunner().invoke(app, [*words, "--settings", str(here.settings)], env=env)


def in_force(here: Installation) -> str:
    return str(json.loads(run(here, "policy", "history", "--json").stdout)["bundles"][0]["bundle"])


def until_in_force(here: Installation, digest: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while in_force(here) != digest:
        assert time.monotonic() < deadline, "it never came into force"


def propose(here: Installation, *words: str) -> dict[str, str]:
    done = run(here, "policy", "propose", "--json", *words)
    assert done.exit_code == 0, done.output
    made: dict[str, str] = json.loads(done.stdout)
    return made


def test_from_an_edited_file_to_its_being_in_force_and_back(here: Installation) -> None:
    with here.serving():
        first = in_force(here)
        here.policy.write_text(STRICTER)
        made = propose(here, "--note", "Nobody writes.")
        assert made["previous"] == first and made["url"] == f"{here.url}/reviews/{made['review']}"
        assert here.vote(made["review"], "dana").status_code == 403
        assert here.vote(made["review"], "remy").status_code == 200
        until_in_force(here, made["bundle"])
        shown = run(here, "policy", "show", "in-force")
        assert f"// bundle {made['bundle']}\n\n// === local.cedar\n{STRICTER}" in shown.stdout
        told = run(here, "policy", "history", holder=None).stdout  # with the operator's token
        assert "a review" in told and "the first start" in told and "remy" in told
    with here.serving():  # the files are those in force
        assert in_force(here) == made["bundle"]
        assert "policy.files_differ" not in here.log.read_text()
        back = propose(here, "--previous")
        assert back["bundle"] == first
        here.vote(back["review"], "remy")
        until_in_force(here, first)
        text = json.loads(run(here, "policy", "show", "in-force", "--json").stdout)["sources"]["local.cedar"]
        assert text == POLICY
    verdict = _verified(here)
    assert "verified" in verdict


def _verified(here: Installation) -> str:
    out = here.directory / "exported"
    done = CliRunner().invoke(app, ["ledger", "export", str(out), "--settings", str(here.settings)])
    assert done.exit_code == 0, done.output
    keys = CliRunner().invoke(app, ["ledger", "key", "--settings", str(here.settings)]).stdout
    log_key = next(word for word in keys.split() if word.startswith("interlock.test/bundles/1+"))
    done = CliRunner().invoke(app, ["ledger", "verify", str(out), "--key", log_key])
    assert done.exit_code == 0, done.output
    return done.output


def test_edited_files_change_nothing_and_it_is_said(here: Installation) -> None:
    with here.serving():
        first = in_force(here)
        assert FILES_DIFFER not in run(here, "check").output
        here.policy.write_text(STRICTER)
        assert f"warning: interlock.toml: {FILES_DIFFER}" in run(here, "check").output
    with here.serving():
        assert in_force(here) == first
        assert FILES_DIFFER in here.log.read_text()
    here.policy.write_text("permit (principal")  # a draft with mistakes keeps nothing from starting
    with here.serving():
        assert in_force(here) == first
        assert FILES_DIFFER in here.log.read_text()
    here.policy.write_text(STRICTER)
    pinned = run(here, "policy", "unsafe-pin", holder=None)
    assert pinned.exit_code == 0
    with here.serving():
        assert in_force(here) in pinned.output and in_force(here) != first
        listed = json.loads(run(here, "policy", "history", "--json").stdout)["bundles"]
        assert [each["how"] for each in listed] == ["unsafe_pin", "first_start"]
        assert listed[0]["previous"] == first and listed[0]["has_texts"]
        before = run(here, "policy", "show", first[:12])
        assert POLICY in before.stdout and before.exit_code == 0


def test_a_first_start_with_mistakes_is_none(here: Installation) -> None:
    here.policy.write_text("permit (principal")
    with pytest.raises(UpstreamFailed, match=r"local\.cedar:1"), here.serving():
        pass
    here.policy.write_text(POLICY)
    with here.serving():
        assert in_force(here)


def test_what_can_t_be_proposed_and_by_whom(here: Installation, tmp_path: Path) -> None:
    with here.serving():
        here.policy.write_text(STRICTER.replace('@id("no-writes")', "@becuase"))
        done = run(here, "policy", "propose")
        assert done.exit_code == 1
        assert "local.cedar:3: " in done.stderr and "Refused (mistakes): There " in done.stderr
        here.policy.write_text(STRICTER)
        accepted = here.call("POST", "/api/people/me/wards/etl/accept", here.console("dana"))
        assert accepted.is_success, accepted.text
        for holder, code, told in (("etl", 1, "people_only"), (None, 2, "INTERLOCK_TOKEN")):
            done = run(here, "policy", "propose", holder=holder)
            assert (done.exit_code, told in done.stderr) == (code, True), done.output
        token = tmp_path / "token"
        token.write_text(here.operator)
        done = run(here, "policy", "propose", "--token-file", str(token), holder=None)
        assert (done.exit_code, "people_only" in done.stderr) == (1, True)
        token.write_text(here.key("remy") + "\n")
        done = run(here, "policy", "propose", "--token-file", str(token), holder=None)
        assert done.exit_code == 0 and "without a restart" in done.stdout
        assert run(here, "policy", "propose", "--previous").exit_code == 1  # there is none yet
        assert run(here, "policy", "show", "no-digest").exit_code == 2


def test_a_proposer_needs_no_secret_of_the_gateway_s(here: Installation) -> None:
    """The settings name an environment variable that only the gateway has; [policy] is all that matters here."""
    text = here.settings.read_text()
    elsewhere = '[connections.c]\nkind = "postgres"\nhost = "127.0.0.1"\ndatabase = "d"\nuser = "u"\n'
    with here.serving():
        here.settings.write_text(text + elsewhere + 'password = "env:NOT_SET_HERE"\n')
        here.policy.write_text(STRICTER)
        assert run(here, "policy", "propose").exit_code == 0
        here.settings.write_text(text.replace("local.cedar", "missing.cedar"))
        done = run(here, "policy", "propose")
        assert done.exit_code != 0 and "missing.cedar" in str(done.exception)


HOWTO = (Path(__file__).parents[2] / "docs" / "howto" / "change-a-policy.md").read_text(encoding="utf-8")


def test_the_how_to_s_commands_are_there_with_their_options() -> None:
    lines = re.findall(r"^ +interlock (.+)$", HOWTO, re.MULTILINE)
    assert len(lines) > 6
    for line in lines:
        words = shlex.split(line)
        command = words[:2] if words[0] == "policy" else words[:1]
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert told.exit_code == 0, line
        assert all(word in told.output for word in words if word.startswith("--")), line


def test_the_how_to_s_settings_are_without_mistakes(here: Installation) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", HOWTO, re.DOTALL)
    text = here.settings.read_text().partition("[policy]")[0]
    (here.directory / "policies").mkdir()
    (here.directory / "policies" / "local.cedar").write_text(POLICY)
    here.settings.write_text(text + example)
    found = settings.survey(here.settings)
    assert found.mistakes == () and found.settings is not None and found.settings.policy.approvers is not None
