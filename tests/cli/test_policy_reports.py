"""`interlock policy simulate` and `observed`, from a store and from an exported log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.a_recorded_log import ENTROPY, Step, asked, denied, ended, entry, held, installed, record, released
from tests.stores.a_store import HandClock
from typer.testing import CliRunner

from interlock import app as composition
from interlock import settings as settings_file
from interlock.cli import app
from interlock.cli.log_entries import first_of_newest, first_since, store_log
from interlock.cli.recorded import ARGUMENTS, NO_ACTOR, NO_CONNECTION, NOT_TOLD
from interlock.errors import InterlockError
from interlock.ledger import texts
from interlock.ledger.checkpoint import Checkpoint, sign
from interlock.ledger.tiles import encode_bundle
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId
from interlock.stores.connections import open_writer
from interlock.stores.keys import load_keys

READ = asked("sql.select", "public.patients", "phi.mrn")
EXPORT = asked("sql.copy_out", "public.patients", "phi.mrn")
NO_EXPORTS = '@id("no-exports") @because("x")\nforbid (principal, action in Interlock::Action::"export", resource);\n'


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    return installed(tmp_path)


def run(settings: Path, *words: str, code: int | None = None) -> Any:
    """What a command prints with --json."""
    done = CliRunner().invoke(app, ["policy", *words, "--json", "--settings", str(settings)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if code is not None:
        assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def edited(settings: Path, text: str = NO_EXPORTS) -> str:
    file = settings.parent / "edited.cedar"
    file.write_text(text, encoding="utf-8")
    return str(file)


# -- simulate ---------------------------------------------------------------------------------------------------------


def test_an_edit_that_changes_nothing_for_what_was_done(settings: Path) -> None:
    record(settings, Step((released(READ),)))
    found = run(settings, "simulate", "--with", edited(settings), code=0)
    assert (found["replayed"], found["changes"], found["drifted"], found["skipped"]) == (1, 0, [], [])
    assert found["in_force"]["digest"] != found["edited"]["digest"]


def test_the_differences_with_their_example(settings: Path) -> None:
    again = asked("sql.copy_out", "public.patients", "phi.mrn")
    first = held(EXPORT, "r1", "phi-export-needs-privacy-officer", "sensitive-export-needs-privacy-officer")
    record(settings, Step((released(READ), first)), Step((held(again, "r2", "phi-export-needs-privacy-officer"),)))
    found = run(settings, "simulate", "--with", edited(settings), code=1)
    (change,) = found["changed"]
    assert change["before"] == {
        "outcome": "held",
        "needs": "privacy-officers:1",
        "under": [],
        "policies": ["phi-export-needs-privacy-officer", "sensitive-export-needs-privacy-officer"],
    }
    assert change["after"] == {"outcome": "denied", "needs": "", "under": [], "policies": ["no-exports"]}
    assert (change["actor"], change["connection"], change["verbs"]) == ("etl-agent", "clinic", ["sql.copy_out"])
    assert (change["count"], change["example"]) == (2, first.id)
    assert found["drifted"] == []


def test_for_people(settings: Path) -> None:
    record(settings, Step((held(EXPORT, "r1", "phi-export-needs-privacy-officer"),)))
    words = ["policy", "simulate", "--with", edited(settings), "--settings", str(settings)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "1 action replayed; in force: the files that the settings name" in done.stdout
    assert "1 would be decided otherwise:" in done.stdout
    assert "etl-agent on clinic, sql.copy_out: held for privacy-officers:1" in done.stdout
    assert "-> denied by no-exports; first in entry" in done.stdout


def test_a_held_action_that_ran_is_told_once_and_one_whose_holding_isn_t_there_was_held(settings: Path) -> None:
    late = asked("sql.copy_out", "public.patients", "phi.mrn")  # it joined a review, so no entry says it was held
    steps = (
        Step((held(EXPORT, "r1", "phi-export-needs-privacy-officer"),)),
        Step((released(EXPORT, review="r1"), released(late, review="r2"))),
    )
    record(settings, *steps)
    found = run(settings, "simulate", "--with", edited(settings), code=1)
    assert (found["replayed"], found["changes"], found["drifted"]) == (2, 2, [])


def test_what_can_t_be_replayed_is_counted_by_reason(settings: Path) -> None:
    gone, tool = asked("sql.select", by="nobody-now"), asked("sql.select")
    old = entry(EntryType.ACTION_DENIED, READ, {"reasons": [{"code": "forbidden", "policy": "x"}]})
    old = Draft(old.id, old.type, {k: v for k, v in old.d.items() if k not in ("asked", "flags")}, old.actor, old.act)
    drafts = (old, released(gone), released(tool, flags=["input"]), released(READ, connection="elsewhere"))
    record(settings, Step(drafts))
    found = run(settings, "simulate", code=0)
    assert found["replayed"] == 0
    told = {each["because"]: each["count"] for each in found["skipped"]}
    assert told == {NOT_TOLD: 1, NO_ACTOR: 1, ARGUMENTS: 1, NO_CONNECTION: 1}


def test_drift_is_told_apart_and_what_policy_didn_t_decide_is_none(settings: Path) -> None:
    steps = (denied(READ, "forbidden", "old-rule"), denied(READ, "rules_not_in_force"), released(READ))
    record(settings, Step(steps))
    found = run(settings, "simulate", code=0)
    (drift,) = found["drifted"]
    assert (drift["before"]["outcome"], drift["before"]["policies"]) == ("denied", ["old-rule"])
    assert (drift["after"]["outcome"], drift["count"]) == ("allowed", 1)


def test_unsafe_observe_is_what_would_have_been(settings: Path) -> None:
    would = released(EXPORT, would="held", reasons=[{"code": "needs_review", "policy": "x"}])
    record(settings, Step((would,)))
    assert run(settings, "simulate", code=0)["drifted"] == []


def test_recent_is_counted_along_the_log_the_day_before_too(settings: Path) -> None:
    busy = """@id("busy") @because("x")
    forbid (principal, action in Interlock::Action::"read", resource) when { context.recent.day.rows > 25 };"""
    steps = [Step((each := asked("sql.select"), released(each), ended(each, 10))[1:], seconds=60) for _ in range(6)]
    clock = HandClock(datetime.now(UTC) - timedelta(hours=1))
    record(settings, *steps, clock=clock)
    name = edited(settings, busy)
    assert run(settings, "simulate", "--with", name, code=1)["changes"] == 3
    found = run(settings, "simulate", "--with", name, "--limit", "2", code=1)
    assert (found["replayed"], found["changes"]) == (2, 2)


def test_since_and_limit(settings: Path) -> None:
    clock = HandClock(datetime.now(UTC) - timedelta(hours=10))
    record(settings, *(Step((released(asked("sql.select")),), seconds=3600) for _ in range(8)), clock=clock)
    assert run(settings, "simulate", "--since", "5h")["replayed"] == 3
    assert run(settings, "simulate", "--since", "90m")["replayed"] == 0
    assert run(settings, "simulate", "--since", "5h", "--limit", "2")["replayed"] == 2
    assert run(settings, "simulate", "--limit", "7")["replayed"] == 7
    assert run(settings, "simulate", "--limit", "99")["replayed"] == 8


def test_where_to_begin(settings: Path) -> None:
    clock = HandClock()
    record(settings, *(Step((released(asked("sql.select")),), seconds=10) for _ in range(700)), clock=clock)
    log = store_log(composition.store_path(settings_file.load(settings)))
    assert log.size == 1400  # a seal behind each
    begin = clock.at - timedelta(seconds=10 * 300)
    assert first_since(log, begin) == 2 * 399
    assert first_since(log, clock.at + timedelta(1)) == 1400 and first_since(log, clock.at - timedelta(1)) == 0
    assert [first_of_newest(log, count) for count in (1, 3, 700, 701)] == [1398, 1394, 0, 0]


def test_packs_and_files_left_out_and_put_in(settings: Path) -> None:
    record(settings, Step((released(READ), held(EXPORT, "r1", "phi-export-needs-privacy-officer"))))
    without = run(settings, "simulate", "--without", "pack:agents", code=1)
    assert {each["after"]["outcome"] for each in without["changed"]} == {"denied"}
    assert run(settings, "simulate", "--without", "local.cedar", code=0)["changes"] == 0
    with pytest.raises(InterlockError, match=r"--without nonsense: there is no such file; there are local\.cedar"):
        run(settings, "simulate", "--without", "nonsense")
    with pytest.raises(InterlockError, match='there is no pack "agent"; did you mean "agents"'):
        run(settings, "simulate", "--packs", "agent")


def test_the_edited_file_s_mistakes_are_told(settings: Path) -> None:
    record(settings, Step((released(READ),)))
    with pytest.raises(InterlockError, match=r"edited\.cedar:1: "):
        run(settings, "simulate", "--with", edited(settings, "permit (principal"))


def test_without_a_store_it_says_what_to_do(settings: Path) -> None:
    for command in ("simulate", "observed"):
        with pytest.raises(InterlockError, match="`interlock serve` makes it"):
            run(settings, command)
        with pytest.raises(InterlockError, match="it has no checkpoint"):
            run(settings, command, "--log", str(settings.parent))
        with pytest.raises(InterlockError, match="--since takes a number and a unit"):
            record(settings, Step((released(READ),)))
            run(settings, command, "--since", "yesterday")
        composition.store_path(settings_file.load(settings)).unlink()


def test_it_reads_beside_a_writer_and_never_writes(settings: Path) -> None:
    record(settings, Step((released(READ),)))
    path = composition.store_path(settings_file.load(settings))
    writer = open_writer(path)
    try:
        writer.execute("BEGIN IMMEDIATE")
        assert run(settings, "simulate", code=0)["replayed"] == 1
        writer.execute("ROLLBACK")
    finally:
        writer.close()


def test_the_bundle_in_force_is_the_ledger_s_where_the_ledger_has_its_text(settings: Path) -> None:
    """Files that were edited in place are compared with what was put in force, not with themselves."""
    before = dict(settings_file.load_texts(settings_file.load(settings)))
    rules = texts.rules_text("p" * 64, {})
    digest = texts.rules_digest(rules)
    parts = [
        Draft(EntryId(ENTROPY.uuid7()), EntryType.POLICY_TEXT, d, obj=digest)
        for d in texts.fields(digest, {**before, texts.RULES: rules})
    ]
    record(settings, Step((*parts, _loaded(digest))), Step((held(EXPORT, "r1", "phi-export-needs-privacy-officer"),)))
    local = settings.parent / "policies" / "local.cedar"
    local.write_text(local.read_text(encoding="utf-8") + NO_EXPORTS, encoding="utf-8")
    found = run(settings, "simulate", code=1)
    assert found["in_force"]["from"] == "the ledger's newest bundle" and found["changes"] == 1
    compared = run(settings, "diff", "in-force", "settings", code=1)
    assert [(each["policy"], each["kind"]) for each in compared["changes"]] == [("no-exports", "added")]
    assert (compared["old"], compared["direction"]) == ("the ledger's newest bundle", "tightens")


def _loaded(digest: Digest) -> Draft:
    d = {"bundle": digest, "how": "first_start", "by": "root"}
    return Draft(EntryId(ENTROPY.uuid7()), EntryType.POLICY_LOADED, d, obj=digest)


# -- observed ---------------------------------------------------------------------------------------------------------


def test_the_report_of_what_would_have_been(settings: Path) -> None:
    first = released(READ, observed=["no-night"])
    steps = (
        Step((first, released(EXPORT, would="held", reasons=[{"code": "needs_review", "policy": "phi-export"}]))),
        Step((released(asked("sql.select"), observed=["no-night"]), denied(READ, "no_permit", observed=["no-night"]))),
    )
    record(settings, *steps)
    found = run(settings, "observed", code=1)
    assert found["entries"] == 4
    top, *rest = found["observed"]
    assert top == {
        "source": "policy",
        "would": "stopped",
        "policy": "no-night",
        "actor": "etl-agent",
        "connection": "clinic",
        "verbs": ["sql.select"],
        "was": "released",
        "count": 2,
        "example": first.id,
    }
    assert {(each["source"], each["would"], each["policy"], each["was"]) for each in rest} == {
        ("policy", "stopped", "no-night", "denied"),
        ("connection", "held", "phi-export", "released"),
    }
    done = CliRunner().invoke(app, ["policy", "observed", "--settings", str(settings)])
    assert done.exit_code == 1
    assert 'etl-agent on clinic, sql.select (released): would have been stopped by "no-night" [@observe]' in done.stdout
    assert 'sql.copy_out (released): would have been held by "phi-export" [unsafe_observe]' in done.stdout


def test_nothing_to_report(settings: Path) -> None:
    record(settings, Step((released(READ),)))
    done = CliRunner().invoke(app, ["policy", "observed", "--settings", str(settings)])
    assert (done.exit_code, done.stdout) == (0, "Nothing would have been stopped or masked in 1 recorded actions.\n")


def test_an_exported_log_gives_the_same_reports(settings: Path, tmp_path: Path) -> None:
    drafts = [Step((released(asked("sql.select"), observed=["x"]), denied(READ, "no_permit"))) for _ in range(150)]
    record(settings, *drafts)
    store = store_log(composition.store_path(settings_file.load(settings)))
    bodies = [body for first in range(0, store.size, 256) for body in store.bodies(first, 256)]
    exported = tmp_path / "exported"
    for index in range(0, len(bodies), 256):
        part = bodies[index : index + 256]
        name = f"{index // 256:03d}" + ("" if len(part) == 256 else f".p/{len(part)}")
        file = exported / "tile" / "entries" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode_bundle(part))
    _checkpoint(settings, exported, len(bodies))
    for command in ("simulate", "observed"):
        assert run(settings, command) == run(settings, command, "--log", str(exported))
        limited = run(settings, command, "--limit", "7")
        assert limited == run(settings, command, "--log", str(exported), "--limit", "7")
    (exported / "tile" / "entries" / "001.p" / "194").unlink()
    with pytest.raises(InterlockError, match=r"tile/entries/001\.p/194 is missing"):
        run(settings, "observed", "--log", str(exported))


def _checkpoint(settings: Path, exported: Path, size: int) -> None:
    loaded = settings_file.load(settings)
    signed = sign(Checkpoint(loaded.origin, size, b"0" * 32), load_keys(loaded.keys_dir).log)
    (exported / "checkpoint").write_bytes(signed)
