"""Calls out: only where the settings allow, without redirects, bounded in size and time."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, find, given
from hypothesis import strategies as st
from testkit.certificates import Authority
from tests.upstreams.a_tls_server import tls_server

from interlock.errors import UpstreamFailed
from interlock.upstreams.outgoing import MAX_ANSWER, Allowed, Outgoing, within


class Handler(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, bytes]]
    release: threading.Event

    def do_GET(self) -> None:
        self.seen.append(("GET", self.path, b""))
        if self.path == "/a/away":
            self.send_response(302)
            self.send_header("Location", "/b/secret")
            self.end_headers()
        elif self.path == "/a/spoilt":
            self.send_response(302)
            self.send_header("Location", "http://xn--a/")
            self.end_headers()
        elif self.path == "/a/huge":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (MAX_ANSWER + 1))
        elif self.path == "/a/gzip":
            self._say(b"x", {"Content-Encoding": "gzip"})
        elif self.path == "/a/never":
            self.release.wait(30)
        else:
            self._say(b'{"ok": true}', {"X-Kind": "test"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(("POST", self.headers["X-Signed"], body))
        self._say(b"", {}, 202)

    def _say(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Its URL, and what it was asked for."""
    seen: list[tuple[str, str, bytes]] = []
    release = threading.Event()
    kind = type("Mine", (Handler,), {"seen": seen, "release": release})
    running = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}", seen
    finally:
        release.set()
        running.shutdown()
        thread.join()
        running.server_close()


Server = tuple[str, list[tuple[str, str, bytes]]]


async def test_get_and_post(server: Server) -> None:
    url, seen = server
    outgoing = Outgoing([Allowed(f"{url}/a/"), Allowed(f"{url}/exactly")])
    answer = await outgoing.get(f"{url}/a/x?y=1")
    assert (answer.status, answer.headers["x-kind"], answer.body) == (200, "test", b'{"ok": true}')
    assert (await outgoing.get(f"{url}/exactly")).status == 200
    assert (await outgoing.post(f"{url}/a/", b"body", headers={"X-Signed": "yes"})).status == 202
    assert seen == [("GET", "/a/x?y=1", b""), ("GET", "/exactly", b""), ("POST", "yes", b"body")]
    await outgoing.close()


@pytest.mark.parametrize(
    "path",
    [
        "/b/",
        "/a",
        "/ab/x",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a/./../b",
        "/a/..%2fb",
        "/a/%2E%2E%2Fb",
        "/a/x\\..\\b",
        "/a/\r\nHost: evil",
        "/exactly/more",
        "/exactly?x",
    ],
)
async def test_other_addresses_are_refused_and_never_called(server: Server, path: str) -> None:
    url, seen = server
    outgoing = Outgoing([Allowed(f"{url}/a/"), Allowed(f"{url}/exactly")])
    assert not outgoing.allows(url + path)
    with pytest.raises(UpstreamFailed) as caught:
        await outgoing.get(url + path)
    assert caught.value.code == "outgoing_refused" and not seen


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://hooks.acme.test/x", True),
        ("https://HOOKS.acme.test:443/x", True),
        ("https://hooks.acme.test./x", True),
        ("http://hooks.acme.test/x", False),
        ("https://hooks.acme.test:8443/x", False),
        ("https://hooks.acme.test.evil.test/x", False),
        ("https://hooks.acme.test@evil.test/x", False),
        ("https://evil.test/hooks.acme.test/", False),
        ("https://evil.test#https://hooks.acme.test/", False),
        ("https://hooks.acme.test\\@evil.test/", False),
        ("https://hooks.acme.test:x/", False),
        ("https://[::1/x", False),
        ("https:///x", False),
        ("file:///etc/passwd", False),
        ("//hooks.acme.test/x", False),
        ("https://hooks.acmе.test/x", False),  # a Cyrillic letter
        ("https://hooks.acme.test/" + "x" * 3000, False),
        ("", False),
    ],
)
def test_prefixes(url: str, may: bool) -> None:
    assert within(url, ["https://hooks.acme.test/"]) is may


PREFIX = "https://ci.test/hooks/"


@pytest.mark.parametrize(
    "path",
    [
        "..;/admin",
        "..;",
        ".;a/x",
        "%2e%2e;/x",
        "..%3b/x",
        "%252e%252e/admin",
        "%c0%ae%c0%ae/x",
        "%ef%bc%8e%ef%bc%8e/x",
        "%u002e%u002e/x",
        "/..;x/y",
        "...;/x",
        "..%20/x",
        "%20../x",
        "..%09/x",
        "..%0d%0a/x",
        "..%7f/x",
        "a%00/x",
        "a%2",
        "a%",
        "a%zz",
        "..%5cx",
    ],
)
def test_what_servers_read_in_different_ways_is_refused(path: str) -> None:
    assert not within(PREFIX + path, [PREFIX])


@pytest.mark.parametrize("path", ["", "a;v=1/b", "a.b/.c/d..e", "a%20b", "%7Eme", "x?to=%2F..%2F&u=..;/%25", ";/x"])
def test_plain_paths_may_be_called(path: str) -> None:
    assert within(PREFIX + path, [PREFIX])


PIECES = st.sampled_from([*"./;%\\a025cefu3b", "..", "%2e", "%2f", "%25", "%3b", "%c0%ae", "%5c", "%20", "/../", "..;"])


@given(st.lists(PIECES, max_size=12).map("".join))
@example("%2e%2e;/x")
@example("a/..;/x")
def test_whatever_may_be_called_stays_under_the_prefix(path: str) -> None:
    if not within(PREFIX + path, [PREFIX]):
        return
    read = urlsplit(PREFIX + path).path
    for _ in range(3):  # as it is, decoded once, decoded twice: by whatever stands in front of the server, and it
        parts = [part.partition(";")[0].strip(" ") for part in read.replace("\\", "/").split("/")]
        for dropping in (parts, [part for part in parts if part]):
            assert posixpath.normpath("/" + "/".join(dropping)).lstrip("/").split("/")[0] == "hooks"
        read = unquote(read)


def test_many_plain_paths_are_among_them() -> None:
    """What the property above is about isn't empty."""
    assert find(st.lists(PIECES, min_size=3).map("".join), lambda path: within(PREFIX + path, [PREFIX]))


async def test_redirects_are_answers(server: Server) -> None:
    url, seen = server
    assert (await Outgoing([Allowed(f"{url}/")]).get(f"{url}/a/away")).status == 302
    assert [path for _, path, _ in seen] == ["/a/away"]


@pytest.mark.parametrize("path", ["/a/huge", "/a/gzip", "/a/spoilt"])
async def test_what_is_more_than_was_asked_for(server: Server, path: str) -> None:
    url, _ = server
    with pytest.raises(UpstreamFailed):
        await Outgoing([Allowed(f"{url}/")]).get(url + path)


async def test_who_never_answers(server: Server) -> None:
    url, _ = server
    with pytest.raises(UpstreamFailed):
        await Outgoing([Allowed(f"{url}/")], seconds=0.2).get(f"{url}/a/never")


async def test_nobody_there() -> None:
    with pytest.raises(UpstreamFailed) as caught:
        await Outgoing([Allowed("http://127.0.0.1:9/")]).get("http://127.0.0.1:9/x?secret=1")
    assert "secret" not in caught.value.sentence


async def test_the_certificate_is_of_the_authority_named(tmp_path: Path) -> None:
    ours, other = Authority(), Authority("another")
    with tls_server(ours, tmp_path) as url:
        assert (await Outgoing([Allowed(url, ours.write(tmp_path))]).get(url)).body == b"ok"
        for ca in (None, other.write(tmp_path, "other")):
            with pytest.raises(UpstreamFailed):
                await Outgoing([Allowed(url, ca)]).get(url)
