"""Where we listen, and where people and upstreams are reached: the tables with hosts and ports."""

from __future__ import annotations

import ipaddress
import itertools
from urllib.parse import urlsplit

from interlock.masking.profiles import PROFILES
from interlock.model.connection import Connection
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret
from interlock.model.settings import ConnectionSettings, Listen, Settings, TlsFiles, UpstreamPostgres
from interlock.settings.people import check_words
from interlock.settings.table import Table

LAST_PORT = 65535
DEFAULT_PORTS = {"control": 8080, "agents": 8081, "postgres": 6432}
_ANY = ("0.0.0.0", "::")  # noqa: S104  recognised, never a default
_TLS = ("disable", "verify-full")
_LOGINS = ("scram-sha-256", "md5", "certificate", "trust")
_WITHOUT_PASSWORD = ("certificate", "trust")
NO_PROFILE = "none"


def is_loopback(host: str) -> bool:
    """Whether nothing sent to `host` leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_this_machine(host: str) -> bool:
    """Whether a browser takes `host` for this machine: also every name under `localhost` (RFC 6761 section 6.3).

    Only browsers can be relied upon for that; what we connect to or listen on is judged by `is_loopback`.
    """
    return is_loopback(host) or host.rstrip(".").endswith(".localhost")


def read_listens(root: Table) -> dict[str, Listen]:
    """The three ports: "control", "agents", "postgres". No two may be the same."""
    outer = root.table("listen")
    listens = {name: _listen(outer.table(name), port, named=name == "agents") for name, port in DEFAULT_PORTS.items()}
    outer.done()
    for (first, one), (second, other) in itertools.combinations(listens.items(), 2):
        if _collide(one, other):
            outer.wrong(second, f"port {other.port} is already that of [listen.{first}]")
    return listens


def read_public_url(root: Table, control: Listen) -> str:
    """Where people reach the control port; the control port's own address unless the settings say otherwise."""
    table = root.table("control")
    host = f"[{control.host}]" if ":" in control.host else control.host
    url = table.text("url", f"{'https' if control.tls else 'http'}://{host}:{control.port}")
    table.done()
    sentence = (_url_mistake(url) or _port_mistake(url, control)) if url else None
    if sentence is not None:
        table.wrong("url", sentence)
    return url.rstrip("/")


def shared_host(public_url: str) -> str | None:
    """A warning when the console's host is one that other programs of this machine serve as well: cookies know no
    ports (RFC 6265 section 8.5), so a browser sends them the console's session."""
    host = urlsplit(public_url).hostname or ""
    if not is_loopback(host):
        return None
    return (
        f"[control] url: every server at {host}, on any port, gets the console's cookie from a browser; give the"
        " console a host of its own, such as http://interlock.localhost:8080"
    )


def no_passkeys(public_url: str, passkeys: str) -> str | None:
    """A warning when the console's host is an IP address: passkeys belong to a domain (WebAuthn section 5.1.2), so none
    can be registered there, and where votes require them (`passkeys` of `[votes]`) nobody can approve anything."""
    host = urlsplit(public_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    nobody = "; since [votes] passkeys is required, nobody can approve anything" if passkeys == "required" else ""
    return (
        f"[control] url: no passkey can be registered at {host}, since it isn't a host name{nobody}; give the console a"
        " name, such as http://interlock.localhost:8080"
    )


def unsafe(settings: Settings) -> list[str]:
    """A sentence for each connection on which nothing is stopped, whose login may be more than its grants, or whose
    profile keeps what tells who somebody is."""
    observed = [
        f"[connections.{name}] unsafe_observe: nothing is stopped or masked here; what would have been is recorded"
        for name, each in settings.connections.items()
        if each.connection.unsafe_observe
    ]
    return (
        observed
        + [
            f"[connections.{name}] unsafe_superuser: its login may be more than its grants, so that no grant of the"
            " server bounds what a statement reaches"
            for name, each in settings.connections.items()
            if each.unsafe_superuser
        ]
        + [
            f"[connections.{name}] profile: {each.profile} keeps the names of people, so that labelled columns of them"
            " come back in clear"
            for name, each in settings.connections.items()
            if each.profile and PROFILES[each.profile].keeps([Label("phi.name")])
        ]
    )


def read_connection(name: str, table: Table) -> ConnectionSettings:
    """One `[connections.NAME]` table."""
    kind = table.one_of("kind", ("postgres",))
    environment = table.text("environment", "production")
    tags = table.texts("tags")
    check_words(table, "environment", [environment] if environment else [])
    check_words(table, "tags", tags)
    observe = table.flag("unsafe_observe", False)
    connection = Connection(ConnectionName(name), kind, environment, frozenset(tags), observe)
    settings = ConnectionSettings(
        connection,
        _upstream(table),
        table.file("catalog"),
        most_sessions=table.number("most_sessions", 80, 1, 10_000),
        unsafe_superuser=table.flag("unsafe_superuser", False),
        content=table.one_of("content", ("off", "mask"), "off"),
        profile=_profile(table),
    )
    table.done()
    return settings


def _profile(table: Table) -> str:
    """ "none" is none, said aloud."""
    named = table.one_of("profile", (NO_PROFILE, *PROFILES), NO_PROFILE)
    return "" if named == NO_PROFILE else named


def _listen(table: Table, port: int, *, named: bool) -> Listen:
    host = table.text("host", "127.0.0.1")
    tls, client_ca = _tls_files(table), table.file("client_ca")
    url = (table.optional("url") or "").rstrip("/") if named else ""
    if url and (sentence := _url_mistake(url, "agents send their credentials")) is not None:
        table.wrong("url", sentence)
    elif url and url != (plain := _plain(url)):
        table.wrong("url", f"tokens name this address character by character: write it as {plain}")
    listen = Listen(host, table.number("port", port, 1, LAST_PORT), tls, client_ca, url)
    if client_ca is not None and tls is None:
        table.wrong("client_ca", "this means nothing without tls_certificate and tls_key")
    table.done()
    if host and listen.tls is None and not is_loopback(host):
        table.wrong("host", "without tls_certificate and tls_key this must be a loopback address, such as 127.0.0.1")
    return listen


def _tls_files(table: Table) -> TlsFiles | None:
    certificate, key = table.file("tls_certificate"), table.file("tls_key")
    if certificate is not None and key is not None:
        return TlsFiles(certificate, key)
    if certificate is not None or key is not None:
        table.wrong("tls_key" if key is None else "tls_certificate", "this is missing beside the other")
    return None


def _collide(one: Listen, other: Listen) -> bool:
    if one.port != other.port:
        return False
    hosts = {one.host, other.host}
    return len(hosts) == 1 or not hosts.isdisjoint(_ANY) or "localhost" in hosts


def _url_mistake(url: str, what: str = "people vote") -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises when it isn't one
    except ValueError:
        return "this isn't a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "this must start with https:// or http:// and name a host"
    if parts.username or parts.query or parts.fragment or parts.path not in ("", "/"):
        return "this must be a scheme, a host and a port, and nothing else"
    if parts.scheme == "http" and not is_this_machine(host):
        return f"{what} there, so it must be https:// unless it is a loopback address"
    return None


def _plain(url: str) -> str:
    """The one spelling of a scheme, host and port (RFC 3986 sections 6.2.2.1, 6.2.3)."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def _port_mistake(url: str, control: Listen) -> str | None:
    """Off this machine a proxy may stand between; here nobody would be at another port, or somebody else."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port == control.port or not is_loopback(control.host) or not is_this_machine(parts.hostname or ""):
        return None
    return f"this is on this machine at port {port}, and [listen.control] listens at {control.port}"


def _upstream(table: Table) -> UpstreamPostgres:
    host = table.text("host")
    tls = table.one_of("tls", _TLS, "disable" if is_loopback(host) else "verify-full")
    login = table.one_of("login", _LOGINS, "scram-sha-256")
    upstream = UpstreamPostgres(
        host=host,
        port=table.number("port", 5432, 1, LAST_PORT),
        database=table.text("database"),
        user=table.text("user"),
        password=_password(table, login),
        tls=tls,
        ca=table.file("ca"),
        login=login,
        certificate=table.file("certificate"),
        key=table.file("key"),
        direct_tls=table.flag("direct_tls", False),
        channel_binding=table.flag("channel_binding", False),
    )
    _check_login(table, upstream)
    return upstream


def _password(table: Table, login: str) -> Secret[str]:
    if login not in _WITHOUT_PASSWORD:
        return table.secret("password")
    if table.has("password"):
        table.wrong("password", f'this means nothing with login = "{login}"')
    return Secret("")


def _check_login(table: Table, upstream: UpstreamPostgres) -> None:
    """What doesn't go together."""
    behind_tls = {
        "ca": upstream.ca is not None,
        "certificate": upstream.certificate is not None,
        "key": upstream.key is not None,
        "direct_tls": upstream.direct_tls,
        "channel_binding": upstream.channel_binding,
    }
    if upstream.tls == "disable":
        for key in (key for key, used in behind_tls.items() if used):
            table.wrong(key, 'this means nothing with tls = "disable"')
    if (upstream.certificate is None) != (upstream.key is None):
        table.wrong("key" if upstream.key is None else "certificate", "this is missing beside the other")
    elif upstream.login == "certificate" and upstream.certificate is None:
        table.wrong("certificate", 'login = "certificate" needs this, and its key')
    if upstream.login == "certificate" and upstream.tls == "disable":
        table.wrong("login", 'a certificate is shown over TLS only: this needs tls = "verify-full"')
    if upstream.channel_binding and upstream.login in ("md5", *_WITHOUT_PASSWORD):
        table.wrong("channel_binding", 'this means nothing without login = "scram-sha-256"')
