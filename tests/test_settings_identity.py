"""`[issuers]`, `[[agents.NAME.jwt]]`, SPIFFE IDs, certificates, `client_ca`, `[outgoing]`: read, and mistakes told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.test_settings import ENVIRON, WHOLE, mistakes, write

from interlock.model.names import ActorId, ConnectionName
from interlock.model.settings import IssuerSettings, JwtMatch
from interlock.settings import load
from interlock.upstreams.outgoing import Allowed, allowed_by

ISSUERS = """
[issuers.k8s]
issuer = "https://kubernetes.default.svc.cluster.local"
audience = "interlock"
keys = "keys.json"
[issuers.github]
issuer = "https://token.actions.githubusercontent.com"
audience = "interlock"
[issuers.spire]
issuer = "https://spire.acme.test"
audience = "interlock"
keys = "https://spire.acme.test/keys"
algorithms = ["ES256"]
ca = "ca.pem"
[issuers.sso]
issuer = "https://login.acme.test/realms/acme"
audience = "interlock"
delegates = true
"""
AGENT = """
[agents.mesh]
owner = "dana"
spiffe = ["spiffe://acme.test/ns/data/sa/mesh"]
certificates = ["{digest}"]
[[agents.mesh.jwt]]
issuer = "spire"
subject = "spiffe://acme.test/ns/data/sa/mesh"
[[agents.mesh.jwt]]
issuer = "github"
claims = {{ repository = "acme/infra", environment = "production" }}
""".format(digest="a" * 64)
OUTGOING = '[outgoing]\nallow = ["https://hooks.acme.test/reviews/"]\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("keys.json", "ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_workloads_are_read(place: Path) -> None:
    settings = load(write(place, WHOLE + ISSUERS + AGENT + OUTGOING), ENVIRON)
    usual = ("RS256", "ES256", "PS256", "EdDSA")
    assert settings.issuers["k8s"] == IssuerSettings(
        "k8s", "https://kubernetes.default.svc.cluster.local", "interlock", place / "keys.json", usual
    )
    assert settings.issuers["github"].keys == "discovery"
    assert (settings.issuers["spire"].algorithms, settings.issuers["spire"].ca) == (("ES256",), place / "ca.pem")
    assert settings.issuers["sso"].delegates and not settings.issuers["spire"].delegates
    mesh = settings.actors[ActorId("mesh")]
    assert mesh.jwt == (
        JwtMatch("spire", "spiffe://acme.test/ns/data/sa/mesh", {}),
        JwtMatch("github", "", {"repository": "acme/infra", "environment": "production"}),
    )
    assert mesh.spiffe == ("spiffe://acme.test/ns/data/sa/mesh",) and mesh.certificates == ("a" * 64,)


def test_what_may_be_called_follows_from_the_settings(place: Path) -> None:
    settings = load(write(place, WHOLE + ISSUERS + OUTGOING), ENVIRON)
    assert set(allowed_by(settings)) == {
        Allowed("https://hooks.acme.test/reviews/"),
        Allowed("https://token.actions.githubusercontent.com/"),
        Allowed("https://spire.acme.test/keys", place / "ca.pem"),
        Allowed("https://login.acme.test/realms/acme/"),
    }


def test_client_authorities_are_read(place: Path) -> None:
    tls = 'tls_certificate = "cert.pem"\ntls_key = "key.pem"\n'
    settings = load(write(place, WHOLE + f'[listen.postgres]\n{tls}client_ca = "ca.pem"\n'), ENVIRON)
    assert settings.postgres.client_ca == place / "ca.pem"
    assert settings.control.client_ca is None


SUBJECT = '[agents.mesh]\nowner = "dana"\n[[agents.mesh.jwt]]\nissuer = "spire"\nsubject = "s"\n'


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[issuers.x]\nissuer = "https://x.test"\n', "[issuers.x] audience"),
        ('[issuers.x]\nissuer = "http://x.test"\naudience = "a"\n', "[issuers.x] issuer"),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\nalgorithms = ["HS256"]\n', '"HS256" isn\'t one of'),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\nalgorithms = ["none"]\n', '"none" isn\'t one of'),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\nkeys = "http://x.test/keys"\n', "[issuers.x] keys"),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\nkeys = "https://u@x.test/"\n', "[issuers.x] keys"),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\nkeys = "gone.json"\n', "there is no file gone.json"),
        ('[issuers.x]\nissuer = "x"\naudience = "a"\ndelegate = true\n', "delegates"),
        ('[issuers.x]\nissuer = "https://spire.acme.test"\naudience = "b"\n', "another table has this issuer"),
        ('[agents.mesh]\nowner = "dana"\n[[agents.mesh.jwt]]\nissuer = "spyre"\nsubject = "s"\n', "spire"),
        ('[agents.mesh]\nowner = "dana"\n[[agents.mesh.jwt]]\nissuer = "spire"\n', "every token of this issuer"),
        (SUBJECT + SUBJECT.replace("mesh", "web"), "told by the same tokens"),
        ('[agents.mesh]\nowner = "dana"\nspiffe = ["https://acme.test/a"]\n', "[agents.mesh] spiffe"),
        ('[agents.mesh]\nowner = "dana"\nspiffe = ["spiffe://acme.test"]\n', "[agents.mesh] spiffe"),
        ('[agents.mesh]\nowner = "dana"\nspiffe = ["spiffe://acme.test/../a"]\n', "[agents.mesh] spiffe"),
        ('[agents.mesh]\nowner = "dana"\ncertificates = ["AB"]\n', "[agents.mesh] certificates"),
        ('[listen.postgres]\nclient_ca = "ca.pem"\n', "client_ca"),
        ('[outgoing]\nallow = ["http://hooks.acme.test/"]\n', "[outgoing] allow"),
        ('[outgoing]\nallow = ["https://hooks.acme.test"]\n', "must end in /"),
        ('[outgoing]\nallow = ["https://hooks.acme.test/?x=/"]\n', "[outgoing] allow"),
        ('[outgoing]\nallow = "https://hooks.acme.test/"\n', "array"),
    ],
)
def test_a_mistake_is_told(place: Path, more: str, told: str) -> None:
    found = mistakes(place, WHOLE + ISSUERS + more)
    assert any(told in each for each in found), found


X = '[issuers.x]\nissuer = "https://x.test"\naudience = "a"\n'
SERVER = '[mcp.tracker]\nurl = "https://tracker.test/mcp"\n'


def test_audiences_of_connections(tmp_path: Path) -> None:
    told = 'mcp_audience = "resource"\n[issuers.x.audiences]\ntracker = "api://t"\ninterlock = "api://i"\n'
    issuer = load(write(tmp_path, WHOLE + X + told + SERVER), ENVIRON).issuers["x"]
    assert issuer.mcp_audience == "resource"
    assert issuer.audiences == {ConnectionName("tracker"): "api://t", ConnectionName("interlock"): "api://i"}
    assert load(write(tmp_path, WHOLE + X), ENVIRON).issuers["x"].mcp_audience == "either"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (X + 'mcp_audience = "any"\n', "isn't one of"),
        (X + 'mcp_audience = "resource"\n' + SERVER, "[listen.agents] url must say"),
        (X + '[issuers.x.audiences]\ntraker = "api://t"\n' + SERVER, 'no [mcp.traker]; did you mean "tracker"?'),
        (X + '[issuers.x.audiences]\ntracker = "a"\n' + SERVER, "the issuer's own audience"),
        (X + '[issuers.x.audiences]\ntracker = "t"\ninterlock = "t"\n' + SERVER, "two connections have one audience"),
        (X + "[issuers.x.audiences]\ntracker = 7\n" + SERVER, "[issuers.x.audiences] tracker"),
    ],
)
def test_mistakes_in_audiences_are_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in "\n".join(mistakes(tmp_path, WHOLE + text))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://GATEWAY.acme.test", "https://gateway.acme.test"),
        ("HTTPS://gateway.acme.test", "https://gateway.acme.test"),
        ("https://gateway.acme.test:443", "https://gateway.acme.test"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://gateway.acme.test:08443", "https://gateway.acme.test:8443"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_address_that_tokens_name_has_one_spelling(tmp_path: Path, url: str, plain: str) -> None:
    told = "\n".join(mistakes(tmp_path, agents_at(url)))
    assert f"character by character: write it as {plain}" in told
    settings = load(write(tmp_path, agents_at(plain + "/")), ENVIRON)
    assert settings.agents.url == plain


def agents_at(url: str) -> str:
    assert "[listen.agents]" not in WHOLE
    return WHOLE + f'[listen.agents]\nurl = "{url}"\n'
