"""Cases in TOML: what they mean, and how their mistakes are told."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interlock.errors import Mistakes
from interlock.model.action import EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle, load
from interlock.policy.case_file import DEFAULTS, Case, read_cases, stands_alone
from interlock.policy.cases import FORMAT, Report, outcome, run
from interlock.policy.ground import Ground
from interlock.sensitivity.labels import KNOWN

from .asking import PERMIT_ALL, labels

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "policy-cases.md"
LABELS = frozenset(KNOWN)

AROUND = """
[around]
packs = ["agents"]
[around.groups]
officers = ["dana", "remy"]
engineers = ["olivia", "dana"]
ai-agents = []
[around.agents]
etl = ["ai-agents"]
[around.services]
nightly = []
[around.connections.clinic]
environment = "production"
tags = ["hipaa"]
[around.connections.tracker]
environment = "production"
[around.tools."tracker/create"]
input_schema = { type = "object", properties = { title = { type = "string" }, urgent = { type = "boolean" } } }
"""
HEAD = """
[[case]]
name = "x"
actor = "etl"
connection = "clinic"
"""
SELECT = HEAD + 'verb = "sql.select"\nresource = "public.patients"\n'


def read(case: str, around: str = AROUND) -> Case:
    return read_cases("cases.toml", around + case, None, LABELS).cases[0]


def mistakes(text: str, around: str = AROUND) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read_cases("cases.toml", around + text, None, LABELS)
    return list(caught.value.mistakes)


def one_mistake(case: str) -> str:
    (told,) = mistakes(case)
    assert told.startswith('cases.toml: case "x": ')
    return told.removeprefix('cases.toml: case "x": ')


def bundle(*texts: str) -> Bundle:
    found = read_cases("cases.toml", AROUND + SELECT + 'expect = "allow"', None, LABELS).around
    assert found is not None
    sources = {f"{n}.cedar": text for n, text in enumerate(texts)}
    return load(sources, found.ground.members, LABELS, found.ground.around, tools=found.ground.tools)


def report(case: str, *texts: str) -> Report:
    loaded = bundle(*texts)
    return run([read(case)], loaded, loaded.policies)


def differences(case: str, *texts: str) -> tuple[str, ...]:
    told = report(case, *texts)
    return told.failures[0].differences if told.failures else ()


# -- what a case asks


def test_the_short_form_bears_the_labels_of_the_case() -> None:
    action = read(SELECT + 'labels = ["phi.mrn"]\nfilters = ["phi.ssn"]\nwrites = ["pci.pan"]\nexpect = "allow"').action
    (ask,) = action.asks
    everything = labels("phi.mrn", "phi.ssn", "pci.pan")
    assert ask.resource == Resource(ResourceKind.RELATION, "clinic/public.patients", everything)
    assert action.exposure.labels == everything
    assert action.exposure.filters == labels("phi.ssn")
    assert action.exposure.writes == labels("pci.pan")
    assert [output.labels for output in action.exposure.outputs] == [labels("phi.mrn")]


def test_asks_bear_their_own_labels() -> None:
    asks = """asks = [
        { verb = "sql.select", resource = "public.codes" },
        { verb = "sql.copy_out", resource = "public.patients", labels = ["phi.mrn"] },
        { verb = "sql.select", resource = "pg_catalog.pg_class", kind = "catalog" },
        { verb = "session.open" },
    ]
    expect = "deny" """
    found = [ask.resource for ask in read(HEAD + asks).action.asks]
    assert found == [
        Resource(ResourceKind.RELATION, "clinic/public.codes"),
        Resource(ResourceKind.RELATION, "clinic/public.patients", labels("phi.mrn")),
        Resource(ResourceKind.CATALOG, "clinic/pg_catalog.pg_class"),
        Resource(ResourceKind.CONNECTION, "clinic"),
    ]


def test_actors_by_name_made_up_and_on_behalf_of_others() -> None:
    def actor(text: str) -> Actor:
        return read(SELECT.replace('actor = "etl"', f"actor = {text}") + 'expect = "deny"').action.actor

    by_name, made_up = actor('"dana"'), actor('{ kind = "service", groups = ["ai-agents"] }')
    assert (by_name.kind, set(by_name.groups)) == (ActorKind.PERSON, {"officers", "engineers"})
    assert (made_up.kind, set(made_up.groups)) == (ActorKind.SERVICE, {"ai-agents"})
    chain = actor('{ id = "etl", on_behalf_of = ["nightly", { id = "etl", on_behalf_of = ["remy"] }] }').chain
    assert [str(each.id) for each in chain] == ["nightly", "etl"]
    assert [str(each.id) for each in chain[1].chain] == ["remy"]


def test_a_connection_made_up() -> None:
    made_up = SELECT.replace('"clinic"', '{ name = "lab", environment = "staging", tags = ["x"] }')
    action = read(made_up + 'expect = "deny"').action
    assert action.connection.environment == "staging"
    assert action.connection.tags == {"x"}
    assert action.asks[0].resource.id == "lab/public.patients"


def test_a_reveal_is_of_a_column_and_its_label() -> None:
    action = read(SELECT + 'reveal = ["public.patients.mrn phi.mrn"]\nexpect = "deny"').action
    assert action.reveals == {Reveal("clinic/public.patients.mrn", next(iter(labels("phi.mrn"))))}
    assert [output.plain for output in action.exposure.outputs] == ["clinic/public.patients.mrn"]
    assert action.exposure.labels == labels("phi.mrn")


@pytest.mark.parametrize(
    ("asked", "cappable"),
    [
        ('verb = "sql.select"\nresource = "t"', True),
        ('verb = "sql.update"\nresource = "t"', True),
        ('verb = "sql.copy_out"\nresource = "t"', True),
        ('verb = "sql.truncate"\nresource = "t"', False),
        ('verb = "sql.copy_in"\nresource = "t"', False),
        ('verb = "sql.listen"', False),
        ('verb = "sql.notify"', True),
        ('verb = "sql.lock"\nresource = "t"', True),
        ('verb = "sql.drop"\nresource = "t"', False),
        ('verb = "sql.call"', False),
        ('verb = "session.open"', False),
        ('asks = [{ verb = "session.open" }, { verb = "sql.update", resource = "t" }]', True),
        ('asks = [{ verb = "sql.update", resource = "t" }, { verb = "sql.truncate", resource = "t" }]', False),
        ('verb = "sql.update"\nresource = "t"\ncappable = false', False),
    ],
)
def test_what_a_door_could_count(asked: str, cappable: bool) -> None:
    assert read(HEAD + asked + '\nexpect = "deny"').action.cappable is cappable


def test_the_rest_of_a_case() -> None:
    rest = """unbounded = true
    opaque = true
    reason = "as agreed"
    ticket = "OPS-1"
    enforced_by = "caller"
    at = 2026-05-01T02:00:00+02:00
    expect = "deny" """
    case = read(SELECT + rest)
    action = case.action
    assert action.exposure.unbounded and action.exposure.opaque
    assert (action.reason_given, action.ticket_given, action.enforced_by) == ("as agreed", "OPS-1", EnforcedBy.CALLER)
    assert case.at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_longer_window_holds_what_a_shorter_one_does() -> None:
    given = 'recent = { minute = { rows = 7, labels = ["phi.mrn"] }, day = { actions = 3 } }\nexpect = "allow"'
    recent = read(SELECT + given).recent
    assert (recent.minute.rows, recent.hour.rows, recent.day.rows) == (7, 7, 7)
    assert (recent.hour.actions, recent.day.actions) == (0, 3)
    assert recent.day.labels == labels("phi.mrn")


TOOL = SELECT.replace('"clinic"', '"tracker"').replace("sql.select", "tool.call")


@pytest.mark.parametrize(
    ("call", "seen", "opaque"),
    [
        ('resource = "create"', {}, False),
        ('resource = "create"\ninput = { title = "a" }', {"title": "a"}, False),
        ('resource = "create"\ninput = { title = "a", more = 1 }', {"title": "a"}, True),
        ('resource = "create"\ninput = { title = 1.5 }', {}, True),
        ('resource = "unheard_of"', None, True),
    ],
)
def test_arguments_of_tools(call: str, seen: object, opaque: bool) -> None:
    action = read(TOOL.replace('resource = "public.patients"', call) + 'expect = "deny"').action
    assert action.asks[0].resource.kind is ResourceKind.TOOL
    assert action.input == seen
    assert action.exposure.opaque is opaque


def test_defaults_are_for_every_case_that_says_nothing_else() -> None:
    defaults = '[defaults]\nactor = "nightly"\nconnection = "clinic"\nreason = "r"\n'
    asked = '[[case]]\nname = "x"\nverb = "session.open"\nexpect = "deny"\n'
    assert str(read(defaults + asked).action.actor.id) == "nightly"
    assert str(read(defaults + asked + 'actor = "etl"').action.actor.id) == "etl"
    assert read(defaults + asked).action.reason_given == "r"


# -- mistakes


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (SELECT, "expect: this is missing"),
        (SELECT + 'expect = "alow"', 'expect: there is no "alow"; did you mean "allow"?'),
        (SELECT + 'expect = "allow"\nlabel = []', 'label: there is no such key; did you mean "labels"?'),
        (
            SELECT + 'expect = "allow"\nlabels = ["phi.mnr"]',
            'labels: there is no label "phi.mnr"; did you mean "phi.mrn"?',
        ),
        (SELECT + 'expect = "allow"\nlabels = ["PHI"]', 'labels: "PHI" can\'t be a label: a label is written in'),
        (SELECT + 'expect = "allow"\nlabels = "phi"', "labels: this must be an array of strings"),
        (SELECT + 'expect = "allow"\nlabels = ["phi", "phi"]', "labels: something stands in this array twice"),
        (SELECT + 'expect = "allow"\nopaque = "yes"', "opaque: this must be true or false"),
        (SELECT + 'expect = "allow"\nat = "noon"', "at: this must be a time with its offset"),
        (SELECT + 'expect = "allow"\nat = 2026-01-01T12:00:00', "at: this must be a time with its offset"),
        (SELECT + 'expect = "allow"\nenforced_by = "nobody"', 'enforced_by: there is no "nobody"'),
        (
            SELECT + 'expect = "allow"\nsigned_by = "a:1"',
            "signed_by: this says nothing of an action that is expected to be allowed",
        ),
        (SELECT + 'expect = "deny"\nmasks = []', "masks: this says nothing of an action that is expected to be denied"),
        (SELECT + 'expect = "deny"\nrow_cap = 5', "row_cap: this says nothing"),
        (SELECT + 'expect = "allow"\nrow_cap = -1', "row_cap: this must be a whole number, 0 or more"),
        (SELECT + 'expect = "allow"\nreveal = ["mrn phi.mrn"]', 'reveal: "mrn phi.mrn" must be a column and its label'),
        (SELECT + 'expect = "allow"\nreveal = ["public.patients.mrn"]', "reveal: "),
        (
            SELECT + 'expect = "allow"\nrecent = { hour = { row = 1 } }',
            'recent.hour.row: there is no such key; did you mean "rows"?',
        ),
        (SELECT + 'expect = "allow"\nrecent = { week = {} }', "recent.week: there is no such key"),
        (SELECT + 'expect = "allow"\ninput = { a = 1 }', "input: policies read the arguments of pinned tools only"),
        (
            HEAD + 'expect = "allow"\nverb = "session.open"\nasks = [{ verb = "session.open" }]',
            "verb: this belongs into `asks`",
        ),
        (HEAD + 'expect = "allow"', "verb: this is missing"),
        (HEAD + 'expect = "allow"\nasks = []', "asks: nothing is asked here"),
        (HEAD + 'expect = "allow"\nverb = "sql.selct"', 'verb: there is no "sql.selct"; did you mean "sql.select"?'),
        (HEAD + 'expect = "allow"\nverb = "tool.call"', "resource: this is missing"),
        (
            HEAD + 'expect = "allow"\nverb = "session.open"\nresource = "t"',
            "resource: the resource is the connection here",
        ),
        (HEAD + 'expect = "allow"\nverb = "session.open"\nkind = "relation"', 'kind: there is no "relation"'),
        (
            HEAD + 'expect = "allow"\nasks = [{ verb = "sql.drop", resource = "t", labls = [] }]',
            'asks[1].labls: there is no such key; did you mean "labels"?',
        ),
        (
            SELECT.replace('"etl"', '"elt"') + 'expect = "allow"',
            'actor: nobody here is called "elt"; did you mean "etl"?',
        ),
        (SELECT.replace('"etl"', '{ kind = "robot" }') + 'expect = "allow"', 'actor.kind: there is no "robot"'),
        (
            SELECT.replace('"etl"', '{ kind = "agent", groups = ["ai-agent"] }') + 'expect = "allow"',
            'actor.groups: there is no "ai-agent"; did you mean "ai-agents"?',
        ),
        (
            SELECT.replace('"etl"', '{ id = "etl", on_behalf_of = ["dan"] }') + 'expect = "allow"',
            'actor.on_behalf_of[1].actor: nobody here is called "dan"; did you mean "dana"?',
        ),
        (
            SELECT.replace('"clinic"', '"clinc"') + 'expect = "allow"',
            'connection: there is no connection "clinc"; did you mean "clinic"?',
        ),
        (
            SELECT.replace('"clinic"', '{ name = "lab" }') + 'expect = "allow"',
            "connection.environment: this is missing",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_word(case: str, told: str) -> None:
    assert one_mistake(case).startswith(told)


def test_all_mistakes_of_a_file_come_at_once() -> None:
    told = mistakes(
        '[defaults]\nactr = "etl"\n[[case]]\nname = "one"\nactor = "etl"\nconnection = "clinic"\n'
        'verb = "session.open"\nexpect = "no"\n[[case]]\nverb = "session.open"\nexpect = "deny"\n[[cases]]\n'
    )
    assert told == [
        'cases.toml: defaults.actr: there is no such key; did you mean "actor"?',
        'cases.toml: cases: there is no such key; did you mean "case"?',
        'cases.toml: case "one": expect: there is no "no"; it must be one of allow, deny, review',
        "cases.toml: case 2: name: this is missing",
        'cases.toml: case 2: actor: this is missing: name an actor, or say { kind = "agent", groups = ["..."] }',
        "cases.toml: case 2: connection: this is missing",
    ]


def test_a_name_stands_once() -> None:
    assert mistakes(SELECT + 'expect = "deny"\n' + SELECT + 'expect = "deny"') == [
        'cases.toml: case "x": 2 cases bear this name'
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("this isn't toml", "cases.toml: this isn't TOML"),
        ("", "cases.toml: around: this is missing"),
        (AROUND, "cases.toml: case: there must be cases"),
        (AROUND + "case = 1", "cases.toml: around.tools"),
        (
            AROUND.replace('packs = ["agents"]', "") + SELECT + 'expect = "deny"',
            "cases.toml: around.packs: name the packs",
        ),
        (AROUND.replace("packs", "pcks") + SELECT + 'expect = "deny"', "cases.toml: around.packs: name the packs"),
        (
            AROUND + '[around.connections.lab]\ntags = ["x"]\n' + SELECT + 'expect = "deny"',
            "cases.toml: around.connections.lab.environment: this is missing",
        ),
        (
            AROUND.replace('etl = ["ai-agents"]', 'etl = ["ai-agent"]') + SELECT + 'expect = "deny"',
            'cases.toml: around.agents.etl: there is no "ai-agent"',
        ),
        (
            AROUND.replace('tools."tracker/create"', 'tools."create"') + SELECT + 'expect = "deny"',
            "cases.toml: around.tools.create: a tool is named by its connection",
        ),
        (AROUND + 'case = ["no table"]', "cases.toml: "),
    ],
)
def test_a_mistaken_file(text: str, told: str) -> None:
    assert any(each.startswith(told) for each in mistakes(text, around="")), mistakes(text, around="")


def test_whether_a_file_brings_its_own_surroundings() -> None:
    assert stands_alone(AROUND)
    assert not stands_alone(SELECT)
    assert stands_alone("no toml")  # reading it tells


def test_a_file_without_surroundings_uses_those_given() -> None:
    found = read_cases("a", AROUND + SELECT + 'expect = "deny"', None, LABELS).around
    assert found is not None
    borrowed: Ground = found.ground
    case = read_cases("b", SELECT + 'expect = "deny"', borrowed, LABELS).cases[0]
    assert str(case.action.actor.id) == "etl"
    assert isinstance(borrowed.tools[0], Tool)


# -- what comes of it


def test_a_case_that_comes_out_as_it_says() -> None:
    told = report(SELECT + 'labels = ["phi.mrn"]\nexpect = "allow"\nmasks = ["phi.mrn"]\nbecause = ["all"]', PERMIT_ALL)
    assert (told.passed, told.failures, told.silent) == (1, (), ())


HOLD = '@id("hold") {} forbid (principal, action == Interlock::Action::"sql.select", resource);'


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ('@review("officers:1")', "officers:1"),
        ('@review("officers:2, engineers:1")', "engineers:1, officers:2"),
        ('@review_any("officers:2, engineers:1")', "one of officers:2,engineers:1"),
        ('@stages("engineers:1 > officers:1")', "engineers:1>officers:1"),
        ('@review("officers:1") @stages("engineers:1 > officers:1")', "engineers:1 > officers:1 and officers:1"),
    ],
)
def test_who_must_sign_in_words(annotations: str, words: str) -> None:
    held = HOLD.format(annotations)
    assert differences(SELECT + f'expect = "review"\nsigned_by = "{words}"', PERMIT_ALL, held) == ()
    told = differences(SELECT + 'expect = "review"\nsigned_by = "officers:9"', PERMIT_ALL, held)
    assert len(told) == 1 and told[0].startswith('signed_by: expected "officers:9", got "')


def test_the_order_of_stages_counts() -> None:
    held = HOLD.format('@stages("engineers:1 > officers:1")')
    assert differences(SELECT + 'expect = "review"\nsigned_by = "officers:1 > engineers:1"', PERMIT_ALL, held)


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ('expect = "deny"', "expected deny, got allow"),
        ('expect = "review"', "expected review, got allow"),
        ('expect = "allow"\nbecause = []', "because: not expected all"),
        ('expect = "allow"\nbecause = ["all", "other"]', "because: missing other"),
        ('expect = "allow"\ncodes = ["forbidden"]', "codes: missing forbidden; not expected permitted"),
        ('expect = "allow"\nmasks = ["phi.ssn"]', "masks: missing phi.ssn; not expected phi.mrn"),
        ('expect = "allow"\nmasks = []', "masks: not expected phi.mrn"),
        ('expect = "allow"\nrow_cap = 10', "row_cap: expected 10, got none"),
    ],
)
def test_a_case_that_comes_out_otherwise_says_what_came_instead(expected: str, told: str) -> None:
    assert differences(SELECT + f'labels = ["phi.mrn"]\n{expected}', PERMIT_ALL) == (told,)


def test_caps_and_glass() -> None:
    capped = '@id("capped") @row_cap("7") permit (principal, action, resource);'
    held = HOLD.format('@review("officers:1") @break_glass("engineers")')
    expected = 'expect = "review"\nrow_cap = 7\nbreak_glass = ["engineers"]'
    assert differences(SELECT + expected, capped, held) == ()
    assert differences(SELECT + 'expect = "review"\nrow_cap = 0', capped, held) == ("row_cap: expected none, got 7",)
    assert differences(SELECT + 'expect = "review"\nbreak_glass = []', capped, held) == (
        "break_glass: not expected engineers",
    )


def test_policies_that_no_case_made_speak() -> None:
    quiet = '@id("quiet") forbid (principal, action == Interlock::Action::"sql.drop", resource);'
    beaten = '@id("beaten") permit (principal, action == Interlock::Action::"sql.select", resource);'
    watched = '@id("watched") @observe forbid (principal, action == Interlock::Action::"sql.select", resource);'
    told = report(SELECT + 'expect = "allow"', PERMIT_ALL, quiet, beaten, watched)
    assert told.silent == ("quiet",)


def test_what_one_file_leaves_silent_another_may_make_speak() -> None:
    quiet = '@id("quiet") forbid (principal, action == Interlock::Action::"sql.drop", resource);'
    one = report(SELECT + 'expect = "allow"', PERMIT_ALL, quiet)
    other = report(SELECT.replace("sql.select", "sql.drop") + 'expect = "deny"', PERMIT_ALL, quiet)
    both = one.and_also(other)
    assert (both.passed, both.silent, both.policies) == (2, (), one.policies)


def test_the_moment_and_the_past_of_a_case_count() -> None:
    night = '@id("night") forbid (principal, action, resource) when { context.hour < 6 };'
    busy = '@id("busy") forbid (principal, action, resource) when { context.recent.hour.rows > 10 };'
    assert (
        differences(SELECT + 'expect = "deny"\nbecause = ["night"]\nat = 2026-01-01T03:00:00Z', PERMIT_ALL, night) == ()
    )
    assert differences(SELECT + 'expect = "allow"\nat = 2026-01-01T09:00:00Z', PERMIT_ALL, night) == ()
    past = 'recent = { minute = { rows = 11 } }\nexpect = "deny"\nbecause = ["busy"]'
    assert differences(SELECT + past, PERMIT_ALL, busy) == ()


def test_a_tools_arguments_count() -> None:
    urgent = (
        '@id("urgent") forbid (principal, action == Interlock::Action::"tool:tracker/create", resource)'
        " when { context.input has urgent && context.input.urgent };"
    )
    called = TOOL.replace('resource = "public.patients"', 'resource = "create"')
    assert differences(called + 'input = { urgent = true }\nexpect = "deny"', PERMIT_ALL, urgent) == ()
    assert differences(called + 'input = { urgent = false }\nexpect = "allow"', PERMIT_ALL, urgent) == ()


def test_the_report_as_json() -> None:
    told = report(SELECT + 'expect = "deny"', PERMIT_ALL).document()
    assert json.loads(json.dumps(told)) == {
        "format": FORMAT,
        "passed": 0,
        "failed": 1,
        "failures": [
            {
                "file": "cases.toml",
                "case": "x",
                "differences": ["expected deny, got allow"],
                "got": {
                    "outcome": "allow",
                    "because": ["all"],
                    "codes": ["permitted"],
                    "signed_by": "",
                    "break_glass": [],
                    "masks": [],
                    "row_cap": 0,
                    "pseudonyms": [],
                },
            }
        ],
        "coverage": {"policies": 1, "silent": []},
    }


# -- the page


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_pages_example_runs() -> None:
    (toml,), (cedar,) = blocks("toml"), blocks("cedar")
    found = read_cases("cases.toml", toml, None, LABELS)
    assert found.around is not None
    pack = (Path(__file__).parents[2] / "src/interlock/policy/packs/agents.cedar").read_text(encoding="utf-8")
    ground = found.around.ground
    sources = {"mine.cedar": cedar, "packs/agents.cedar": pack}
    loaded = load(sources, ground.members, LABELS, ground.around, tools=ground.tools)
    own = frozenset(loaded.rules.sources_by_id) - frozenset(
        policy for policy, rule in loaded.rules.sources_by_id.items() if rule.statement.file != "mine.cedar"
    )
    told = run(found.cases, loaded, own)
    assert [failure.differences for failure in told.failures] == []
    assert told.silent == ()


def test_the_page_has_every_key_and_the_shape_of_the_report() -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {"name", "asks", "verb", "resource", "kind", "labels", "filters", "writes", "reveal", "unbounded", "opaque"}
    keys |= {"cappable", "rows_estimate", "input", "expect", "because", "codes", "signed_by", "break_glass", "masks"}
    keys |= {"row_cap"}
    for key in keys | set(DEFAULTS):
        assert f"`{key}`" in page, key
    (shown,) = blocks("json")
    assert json.loads(shown)["format"] == FORMAT
    real = report(SELECT + 'expect = "deny"', PERMIT_ALL).document()
    assert set(json.loads(shown)) == set(real)


def test_outcome_names_no_policy_where_none_permits() -> None:
    case = read(SELECT + 'expect = "deny"')
    came = outcome(bundle().decide(case.action, case.at))
    assert (came.outcome, sorted(came.because), sorted(came.codes)) == ("deny", [], ["no_permit"])
