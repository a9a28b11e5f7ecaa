"""interlock.toml: what is read, and that every mistake is told at once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields
from pathlib import Path

import pytest

from interlock.errors import SettingsMistakes
from interlock.ledger.note import Ed25519Signer, vkey
from interlock.model.actor import ActorKind
from interlock.model.names import ActorId, ConnectionName, GroupName, PersonId
from interlock.model.secret import Secret
from interlock.model.settings import Limits, Listen
from interlock.policy import bundle
from interlock.settings import load, load_sources, members, survey
from interlock.settings.table import Table

NODE_KEY = vkey(Ed25519Signer("interlock.local/clinic/1/node/n1", Secret(bytes(32))))
ENVIRON = {"CLINIC_PASSWORD": "canary-password"}

LOG = f"""
[log]
origin = "interlock.local/clinic/1"
node = "n1"
node_key = "{NODE_KEY}"
"""
PEOPLE = """
[people.dana]
name = "Dana Ruiz"
groups = ["privacy-officers"]
[people.sam]
[agents.etl-agent]
owner = "dana"
groups = ["ai-agents"]
[services.nightly]
owner = "sam"
"""
CONNECTION = """
[connections.clinic]
kind = "postgres"
host = "127.0.0.1"
database = "clinic"
user = "interlock"
password = "env:CLINIC_PASSWORD"
"""
WHOLE = LOG + PEOPLE + CONNECTION


def write(directory: Path, text: str) -> Path:
    path = directory / "interlock.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(directory: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsMistakes) as caught:
        load(write(directory, text), ENVIRON)
    return caught.value.mistakes


def test_reads_the_least_that_is_enough(tmp_path: Path) -> None:
    settings = load(write(tmp_path, WHOLE), ENVIRON)
    assert (settings.origin, settings.node, settings.node_key) == ("interlock.local/clinic/1", "n1", NODE_KEY)
    assert (settings.data_dir, settings.keys_dir) == (tmp_path / "data", tmp_path / "keys")
    assert settings.control == Listen("127.0.0.1", 8080)
    assert (settings.agents.port, settings.postgres.port) == (8081, 6432)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.people[PersonId("sam")].name == "sam"
    assert settings.people[PersonId("dana")].groups == {"privacy-officers"}
    agent = settings.actors[ActorId("etl-agent")]
    assert (agent.kind, agent.owner, agent.groups) == (ActorKind.AGENT, PersonId("dana"), frozenset({"ai-agents"}))
    assert settings.actors[ActorId("nightly")].kind is ActorKind.SERVICE
    assert settings.groups == {"ai-agents", "privacy-officers"}
    assert members(settings) == {"ai-agents": frozenset(), "privacy-officers": {"dana"}}
    clinic = settings.connections[ConnectionName("clinic")]
    assert (clinic.connection.kind, clinic.connection.environment, clinic.catalog) == ("postgres", "production", None)
    assert (clinic.upstream.port, clinic.upstream.tls, clinic.upstream.ca) == (5432, "disable", None)
    assert clinic.upstream.password.reveal() == "canary-password"
    assert not settings.unsafe_token_votes
    assert settings.limits == Limits()
    assert settings.policy.packs == () and settings.policy.files == ()
    assert settings.digest == hashlib.sha256(WHOLE.encode()).hexdigest()


def test_reads_everything(tmp_path: Path) -> None:
    for name in ("local.cedar", "clinic.catalog.toml", "ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("// x", encoding="utf-8")
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    text = WHOLE.replace("env:CLINIC_PASSWORD", "file:secret").replace('host = "127.0.0.1"', 'host = "db.example"') + (
        'port = 5433\ntls = "verify-full"\nca = "ca.pem"\nenvironment = "staging"\ntags = ["hipaa"]\n'
        'catalog = "clinic.catalog.toml"\ncertificate = "cert.pem"\nkey = "key.pem"\ndirect_tls = true\n'
        'channel_binding = true\nmost_sessions = 9\nunsafe_superuser = true\ncontent = "mask"\nprofile = "internal"\n'
        '[paths]\ndata = "d"\nkeys = "/srv/k"\n'
        '[listen.control]\nhost = "0.0.0.0"\nport = 443\ntls_certificate = "cert.pem"\ntls_key = "key.pem"\n'
        '[listen.agents]\nhost = "::1"\nport = 1\nurl = "https://agents.example/"\n[listen.postgres]\nport = 2\n'
        '[control]\nurl = "https://interlock.example/"\n'
        '[policy]\npacks = ["agents"]\nfiles = ["local.cedar"]\n'
        "[votes]\nunsafe_token_votes = true\n"
        "[limits]\nsessions = 1\nsessions_per_actor = 7\nopen_reviews_per_actor = 2\n"
        "ledger_queue = 256\nlogin_seconds = 4\n"
    )
    settings = load(write(tmp_path, text), {})
    clinic = settings.connections[ConnectionName("clinic")]
    assert clinic.upstream.password.reveal() == "from-file"
    assert (clinic.upstream.host, clinic.upstream.port, clinic.upstream.tls) == ("db.example", 5433, "verify-full")
    assert (clinic.upstream.certificate, clinic.upstream.key) == (tmp_path / "cert.pem", tmp_path / "key.pem")
    assert clinic.upstream.direct_tls and clinic.upstream.channel_binding and clinic.unsafe_superuser
    assert (clinic.most_sessions, clinic.content, clinic.profile) == (9, "mask", "internal")
    assert (clinic.upstream.ca, clinic.catalog) == (tmp_path / "ca.pem", tmp_path / "clinic.catalog.toml")
    assert (clinic.connection.environment, clinic.connection.tags) == ("staging", frozenset({"hipaa"}))
    assert (settings.data_dir, settings.keys_dir) == (tmp_path / "d", Path("/srv/k"))
    assert settings.control.tls is not None
    assert settings.control.tls.certificate == tmp_path / "cert.pem"
    assert settings.public_url == "https://interlock.example"
    assert settings.agents.url == "https://agents.example"
    assert settings.limits == Limits(1, 7, 2, 256, 4)
    assert settings.unsafe_token_votes
    assert set(load_sources(settings)) == {"packs/agents.cedar", "local.cedar"}


@pytest.mark.parametrize("login", ["certificate", "trust"])
def test_a_login_without_a_password_has_none(tmp_path: Path, login: str) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    more = f'login = "{login}"\ntls = "verify-full"\ncertificate = "cert.pem"\nkey = "key.pem"\n'
    without = WHOLE.replace('password = "env:CLINIC_PASSWORD"\n', "")
    upstream = load(write(tmp_path, without + more), {}).connections[ConnectionName("clinic")].upstream
    assert (upstream.login, upstream.password.reveal()) == (login, "")
    (found,) = mistakes(tmp_path, WHOLE + more)
    assert found.endswith(f'[connections.clinic] password: this means nothing with login = "{login}"')


def test_tls_upstream_is_the_default_off_the_machine(tmp_path: Path) -> None:
    text = WHOLE.replace('host = "127.0.0.1"', 'host = "db.example"')
    upstream = load(write(tmp_path, text), ENVIRON).connections[ConnectionName("clinic")].upstream
    assert upstream.tls == "verify-full"


MISTAKES = [
    ("[logg]\n", "[logg]: there is no such table; did you mean"),
    ("[limits]\nsesions = 3\n", '[limits] sesions: there is no such key; did you mean "sessions"?'),
    ("[limits]\nsessions = 0\n", "[limits] sessions: this must be a whole number from 1 to"),
    ("[limits]\nsessions = true\n", "[limits] sessions: this must be a whole number"),
    ('[limits]\nsessions = "9"\n', "[limits] sessions: this must be a whole number"),
    ("[votes]\nunsafe_token_votes = 1\n", "[votes] unsafe_token_votes: this must be true or false"),
    ("[paths]\ndata = 3\n", "[paths] data: this must be a string"),
    ('[paths]\ndata = ""\n', "[paths] data: this must be a string"),
    ('[listen.control]\nhost = "0.0.0.0"\n', "[listen.control] host: without tls_certificate and tls_key"),
    ('[listen.control]\nhost = "gateway.example"\n', "[listen.control] host: without tls_certificate"),
    ("[listen.control]\nport = 65536\n", "[listen.control] port: this must be a whole number from 1 to 65535"),
    ("[listen.agents]\nport = 8080\n", "[listen] agents: port 8080 is already that of [listen.control]"),
    ('[listen.agents]\nhost = "localhost"\nport = 8080\n', "[listen] agents: port 8080 is already"),
    ('[listen.agents]\nurl = "http://agents.example"\n', "[listen.agents] url: agents send their credentials there"),
    ('[listen.control]\nurl = "https://a.example"\n', "[listen.control] url: there is no such key"),
    ("[listen.agent]\n", '[listen] agent: there is no such key; did you mean "agents"?'),
    ('[listen.control]\ntls_certificate = "none.pem"\n', "[listen.control] tls_certificate: there is no file none.pem"),
    ('[listen.control]\ntls_certificate = "none.pem"\n', "[listen.control] tls_key: this is missing beside the other"),
    ('[control]\nurl = "ftp://x"\n', "[control] url: this must start with https://"),
    ('[control]\nurl = "http://interlock.example"\n', "[control] url: people vote there, so it must be https://"),
    ('[control]\nurl = "https://x/console"\n', "[control] url: this must be a scheme, a host and a port"),
    ('[control]\nurl = "http://[::1"\n', "[control] url: this isn't a URL"),
    ("[people.Dana]\n", "[people.Dana]: a name is of lower-case letters"),
    ('[people.x]\ngroups = "a"\n', "[people.x] groups: this must be an array of strings"),
    ('[people.x]\ngroups = ["a", "a"]\n', "[people.x] groups: something stands in this array twice"),
    ('[people.x]\ngroups = ["a:b"]\n', "[people.x] groups: this must be of lower-case letters"),
    ('[people.x]\ngroups = [" a"]\n', "[people.x] groups: this must be of lower-case letters"),
    ("[people.operator]\n", '[people.operator]: "operator" is what the ledger calls'),
    ('[agents.operator]\nowner = "sam"\n', '[agents.operator]: "operator" is what the ledger calls'),
    ('[services.operator]\nowner = "sam"\n', '[services.operator]: "operator" is what the ledger calls'),
    ('[paths]\ndata = "x"\nkeys = "x"\n', "[paths] keys: data and keys must be two directories"),
    ('[paths]\ndata = "x"\nkeys = "x/keys"\n', "[paths] keys: data and keys must be two directories"),
    ('[paths]\ndata = "x/../y/data"\nkeys = "y"\n', "[paths] keys: data and keys must be two directories"),
    ('[paths]\ndata = "."\n', "[paths] keys: data and keys must be two directories"),
    ('[control]\nurl = "http://127.0.0.1:8088"\n', "[control] url: this is on this machine at port 8088"),
    ('[control]\nurl = "http://interlock.localhost"\n', "[control] url: this is on this machine at port 80,"),
    ('[listen.control]\nport = 99\n[control]\nurl = "http://[::1]:8080"\n', "[control] url: this is on this machine"),
    ('[control]\nurl = "http://localhost.example:8080"\n', "[control] url: people vote there, so it must be https"),
    ("[agents.x]\n", "[agents.x] owner: this is missing"),
    ('[agents.x]\nowner = "dane"\n', '[agents.x] owner: there is no person "dane"; did you mean "dana"?'),
    ('[services.x]\nowner = "etl-agent"\n', '[services.x] owner: "etl-agent" is an agent or service, and an owner is'),
    ('[agents.dana]\nowner = "sam"\n', "[agents.dana]: a person has this name"),
    ('[services.etl-agent]\nowner = "sam"\n', "[services.etl-agent]: an agent has this name already"),
    ('[policy]\npacks = ["agent"]\n', '[policy] packs: there is no pack "agent"; did you mean "agents"?'),
    ('[policy]\nfiles = ["none.cedar"]\n', "[policy] files: there is no file none.cedar"),
    ('[connections.x]\nkind = "mysql"\n', '[connections.x] kind: "mysql" isn\'t one of postgres'),
    ("connections = 3\n", "[connections]: this must be a table"),
]


@pytest.mark.parametrize(("more", "sentence"), MISTAKES)
def test_a_mistake_is_told_with_its_table_and_key(tmp_path: Path, more: str, sentence: str) -> None:
    whole = LOG + PEOPLE if more.startswith("connections") else WHOLE
    found = mistakes(tmp_path, more + whole if more.startswith("connections") else whole + more)
    assert any(mistake.startswith(f"interlock.toml: {sentence}") for mistake in found), found


CONNECTION_MISTAKES = [
    ('tls = "require"\n', '[connections.clinic] tls: "require" isn\'t one of disable, verify-full'),
    ('environment = "production "\n', "[connections.clinic] environment: this must be of lower-case letters"),
    ('environment = "Production"\n', "[connections.clinic] environment: this must be of lower-case letters"),
    ('tags = ["hipaa", "pci "]\n', "[connections.clinic] tags: this must be of lower-case letters"),
    ('tls = "verify-ful"\n', 'did you mean "verify-full"?'),
    ('ca = "none.pem"\n', "[connections.clinic] ca: there is no file none.pem"),
    ('ca = "none.pem"\n', '[connections.clinic] ca: this means nothing with tls = "disable"'),
    ('catalogue = "x"\n', 'catalogue: there is no such key; did you mean "catalog"?'),
    ('catalog = "none.toml"\n', "[connections.clinic] catalog: there is no file none.toml"),
    ('login = "scram"\n', '[connections.clinic] login: "scram" isn\'t one of certificate, md5, scram-sha-256, trust'),
    ('login = "certificate"\n', '[connections.clinic] certificate: login = "certificate" needs this, and its key'),
    ('login = "certificate"\n', "[connections.clinic] login: a certificate is shown over TLS only"),
    ('login = "trust"\n', '[connections.clinic] password: this means nothing with login = "trust"'),
    ('certificate = "none.pem"\n', "[connections.clinic] certificate: there is no file none.pem"),
    ('certificate = "none.pem"\n', "[connections.clinic] key: this is missing beside the other"),
    ('key = "none.pem"\n', "[connections.clinic] certificate: this is missing beside the other"),
    ('key = "none.pem"\n', '[connections.clinic] key: this means nothing with tls = "disable"'),
    ("direct_tls = true\n", '[connections.clinic] direct_tls: this means nothing with tls = "disable"'),
    ("direct_tls = 1\n", "[connections.clinic] direct_tls: this must be true or false"),
    ("channel_binding = true\n", '[connections.clinic] channel_binding: this means nothing with tls = "disable"'),
    (
        'tls = "verify-full"\nlogin = "md5"\nchannel_binding = true\n',
        '[connections.clinic] channel_binding: this means nothing without login = "scram-sha-256"',
    ),
    ("most_sessions = 0\n", "[connections.clinic] most_sessions: this must be a whole number from 1 to 10000"),
    ('profile = "safeharbor"\n', 'profile: "safeharbor" isn\'t one of'),
    ('profile = "safeharbor"\n', 'did you mean "safe_harbor"?'),
    ('content = "on"\n', '[connections.clinic] content: "on" isn\'t one of mask, off'),
    ("unsafe_superuser = 1\n", "[connections.clinic] unsafe_superuser: this must be true or false"),
]


@pytest.mark.parametrize(("more", "sentence"), CONNECTION_MISTAKES)
def test_a_mistake_in_a_connection(tmp_path: Path, more: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(tmp_path, WHOLE + more))


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ('"canary-literal"', "write env:NAME or file:PATH; the secret itself doesn't belong in this file"),
        ('"env:"', "write env:NAME or file:PATH"),
        ('"canary:literal"', "write env:NAME or file:PATH"),
        ("7", "write env:NAME or file:PATH"),
        ('"env:NOT_SET"', "the environment variable NOT_SET isn't set"),
        ('"file:none"', "the file none can't be read"),
        ('"file:blank"', "the file blank is empty"),
    ],
)
def test_a_secret_is_named_and_never_written_or_quoted(tmp_path: Path, secret: str, sentence: str) -> None:
    (tmp_path / "blank").write_text("\n", encoding="utf-8")
    (found,) = mistakes(tmp_path, WHOLE.replace('"env:CLINIC_PASSWORD"', secret))
    assert found.startswith(f"interlock.toml: [connections.clinic] password: {sentence}")
    assert "canary" not in found


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("interlock.local/clinic/1", "https://interlock.local/1", "[log] origin: this must be a host with a path"),
        ('node = "n1"', 'node = "n 1"', "[log] node: this must be of letters"),
        ('node = "n1"', 'node = "n2"', "[log] node_key: this is the key of another log or node"),
        (
            NODE_KEY,
            re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", NODE_KEY),
            "[log] node_key: a verifying key whose id isn't that of its name and key",
        ),
        (NODE_KEY, "x", "[log] node_key: a verifying key reads"),
        (f'node_key = "{NODE_KEY}"', "", "[log] node_key: this is missing"),
    ],
)
def test_the_log_is_named_and_its_node_key_pinned(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert any(m.startswith(f"interlock.toml: {sentence}") for m in mistakes(tmp_path, WHOLE.replace(old, new, 1)))


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    found = mistakes(tmp_path, '[agents.x]\nowner = "y"\n[limits]\nsessions = -1\nnope = 1\n[nope]\n')
    keys = [re.sub(r"^interlock.toml: (\[[^]]*\] ?\w*):.*", r"\1", mistake) for mistake in found]
    assert keys == [
        "[log] origin",
        "[log] node",
        "[log] node_key",
        "[agents.x] owner",
        "[limits] sessions",
        "[limits] nope",
        "[nope]",
    ]


def test_two_policy_files_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.cedar").write_text("", encoding="utf-8")
    found = mistakes(tmp_path, WHOLE + '[policy]\nfiles = ["a/x.cedar", "b/x.cedar"]\n')
    assert found == (
        "interlock.toml: [policy] files: two files are called x.cedar, and a policy is told by its file's name",
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"[log", "this isn't TOML: "), (b"\xff", "this isn't UTF-8"), (None, "this can't be read (No such file")],
)
def test_a_file_that_cant_be_read(tmp_path: Path, data: bytes | None, sentence: str) -> None:
    path = tmp_path / "interlock.toml"
    if data is not None:
        path.write_bytes(data)
    found = survey(path, {})
    assert found.settings is None
    assert found.mistakes[0].startswith(f"interlock.toml: {sentence}")
    with pytest.raises(SettingsMistakes):
        load(path)


def test_a_survey_of_mistaken_settings_can_still_be_looked_through(tmp_path: Path) -> None:
    found = survey(write(tmp_path, LOG + PEOPLE + "[nope]\n"), {})
    assert len(found.mistakes) == 1
    assert found.settings is not None
    assert members(found.settings)[GroupName("privacy-officers")] == {"dana"}


def test_a_policy_file_that_goes_missing_is_a_mistake(tmp_path: Path) -> None:
    policy = tmp_path / "local.cedar"
    policy.write_bytes(b"// one\r\n// two\n")
    settings = load(write(tmp_path, WHOLE + '[policy]\nfiles = ["local.cedar"]\n'), ENVIRON)
    assert load_sources(settings) == {"local.cedar": "// one\r\n// two\n"}
    policy.write_bytes(b"\xff")
    with pytest.raises(SettingsMistakes, match=r"local\.cedar: this isn't UTF-8"):
        load_sources(settings)
    policy.unlink()
    with pytest.raises(SettingsMistakes, match=r"local\.cedar: this can't be read"):
        load_sources(settings)


def test_secrets_dont_show(tmp_path: Path) -> None:
    assert "canary" not in repr(load(write(tmp_path, WHOLE), ENVIRON))


PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")


def test_the_reference_pages_example_is_without_mistakes(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    settings = load(write(tmp_path, example), ENVIRON)
    bundle.load(load_sources(settings), members(settings))


def listed() -> set[tuple[str, str]]:
    """(table, key) of every row of the page's tables, NAME written as x."""
    found = set()
    for headings, body in re.findall(r"^## (\[.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL):
        for heading in re.findall(r"\[(.+?)\]", headings):
            for cell in re.findall(r"^\| (`.+?) \|", body, re.MULTILINE):
                found |= {(heading.replace("NAME", "x"), key) for key in re.findall(r"`(\w+)`", cell)}
    return found


def test_the_reference_page_lists_exactly_the_keys_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[tuple[str, str]] = set()
    monkeypatch.setattr(Table, "done", lambda table: read.update((table.name, key) for key in table._asked))
    tables = ("[people.x]", "[agents.x]", "[[agents.x.jwt]]", "[services.x]", "[[services.x.jwt]]", "[connections.x]")
    channels = ("[slack]", "[teams]", "[email]", "[webhooks.x]", "[vote_callbacks.x]", "[pagerduty]", "[opsgenie]")
    rules = ("[rotas.x]", "[notify.x]", "[access.x]", "[mcp.x]\nurl = 'https://a.test/'", "[mcp.x.oauth]")
    survey(write(tmp_path, "\n".join((*tables, *channels, *rules, "[mcp.interlock]", "[issuers.x]", "[oidc]", ""))), {})
    told = {(name.removesuffix(".1"), key) for name, key in read}
    assert {(name, key) for name, key in told if name not in ("", "listen")} == listed()


def test_the_reference_page_gives_the_limits_as_they_are() -> None:
    for field in fields(Limits):
        assert f"`{field.name}` | {getattr(Limits(), field.name)} |" in PAGE
