"""`make demo` and `interlock demo --once`: everything put together, told, and ended cleanly. Synchronous."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from interlock.demo import ownership
from interlock.demo.access import AGENT, OFFICER, OWNER, DemoAccess, program, shown
from interlock.demo.clinic import PATIENTS
from interlock.demo.clinic_load import DATABASE, LOGIN, ensure_clinic
from interlock.demo.embedded_postgres import HOST, EmbeddedPostgres, port_is_taken
from interlock.demo.gateway_process import gateway, last_words
from interlock.demo.installation import HOLDERS, Installation, Ports, claimed, install
from interlock.demo.mcp_process import RecordsServer, records_server
from interlock.demo.script import run_script
from interlock.demo.steps import StepResults
from interlock.errors import InterlockError
from interlock.model.secret import Secret

DIRECTORY = Path("demo-data")
PORTS = Ports(control=8080, agents=8081, postgres=6432)
_LOOK_SECONDS = 1.0

PASSED, FAILED, UNUSABLE = 0, 1, 2  # exit codes


def run_demo(
    directory: Path | None = None,
    *,
    control_port: int = 0,
    agents_port: int = 0,
    postgres_port: int = 0,
    reset: bool = False,
    once: bool = False,
    console: Console | None = None,
) -> int:
    """Runs the demo; returns the exit code: 0 as it should be, 1 a step came out otherwise, 2 it couldn't be run.

    Without `directory` the demo lives in ./demo-data and goes on from there; `once` uses a directory of its own and
    throws it away. A port of 0 is the usual one (8080, 8081, 6432), or any free one for `once`. Interactive, it keeps
    running after the script until Ctrl-C. Call it from the main thread: it takes SIGTERM and SIGHUP for Ctrl-C.
    """
    console = console or Console(highlight=False)
    asked = Ports(control_port, agents_port, postgres_port)
    with _signals_as_interrupt(), _directory(directory, once) as place:
        try:
            with claimed(place):
                return _run(place, asked, reset=reset, once=once, console=console)
        except KeyboardInterrupt:
            console.print("\nThe demo has ended.", style="dim")
            return FAILED if once else PASSED
        except InterlockError as error:
            console.print(Text(f"demo: {error.sentence}", "bold red"), soft_wrap=True)
            return UNUSABLE


def _run(place: Path, asked: Ports, *, reset: bool, once: bool, console: Console) -> int:
    began = time.monotonic()
    installation = install(place, reset=reset)
    results = _play(installation, _choose_ports(asked, once), once=once, console=console)
    line = f"demo: {results.summary}, in {time.monotonic() - began:.0f} s"
    console.print(Text(line, "bold green" if results.passed else "bold red"), soft_wrap=True)
    return PASSED if results.passed else FAILED


def _play(installation: Installation, ports: Ports, *, once: bool, console: Console) -> StepResults:
    """All of it, with every child ended on leaving. Interactive, it leaves by Ctrl-C only."""
    password = installation.clinic_password()
    _say(console, "Starting PostgreSQL with the demo clinic, and the gateway in front of it ...")
    with EmbeddedPostgres.start(installation.postgres) as server:
        if ensure_clinic(server, password):
            _say(console, f"Loaded {PATIENTS:,} synthetic patients with encounters, notes, medications and claims.")
        clinic = Secret(f"host={HOST} port={server.port} dbname={DATABASE} user={LOGIN} password={password.reveal()}")
        url = f"http://{HOST}:{ports.control}"
        log = installation.directory / "gateway.log"
        with contextlib.ExitStack() as stack:
            records = stack.enter_context(records_server(clinic, installation.records_key()))
            installation.write_settings(ports, server.port, records.port)
            child = stack.enter_context(gateway(installation.settings, url, log))
            access = _access(installation, ports, url, server, records)
            _introduce(console, installation, access)
            results = run_script(access, console, unattended=once)
            if not once:
                _say(console, results.summary)
                _stay(console, child)
            elif not results.passed:
                _say(console, f"The gateway's last words:\n{last_words(log)}")
    return results


def _access(
    installation: Installation, ports: Ports, url: str, server: EmbeddedPostgres, records: RecordsServer
) -> DemoAccess:
    public = installation.public_keys
    # An agent's key is admitted only once its owner has accepted, which is done in the console and nowhere else.
    ownership.accept(url, installation.sign_in_link(url, OWNER), AGENT)
    return DemoAccess(
        control_url=url,
        host=HOST,
        port=ports.postgres,
        keys=installation.identity_keys(url),
        truth=Secret(server.conninfo(DATABASE)),
        settings=installation.settings,
        log_key=public["log"],
        node_key=public["node"],
        credentials=installation.credentials,
        tools=f"http://{HOST}:{ports.agents}/mcp/records",
        records=records,
    )


def _introduce(console: Console, installation: Installation, access: DemoAccess) -> None:
    """Addresses and credentials: these are the demo's, so they may stand on the screen. No frame: they get copied."""
    new_link = f"{program()} console link {OFFICER} --settings {shown(installation.settings)}"
    lines = [
        ("Console", access.control_url, ""),
        ("Sign in", installation.sign_in_link(access.control_url, OFFICER), "as dana, once, within ten minutes"),
        ("Another link", new_link, ""),
        ("As the agent", access.connection_line(), ""),
        ("Its MCP tools", access.tools, "with the agent's key as the bearer"),
        *((f"Key of {holder}", access.keys[holder].reveal(), "") for holder in HOLDERS),
    ]
    console.print()
    console.rule(Text("The demo is ready", "bold"), align="left", style="green")
    for name, what, note in lines:
        console.print(
            Text.assemble((f"{name:<18}", "bold"), what, (f"  {note}" if note else "", "dim")), soft_wrap=True
        )
    _say(console, "The demo sets unsafe_token_votes: here, and marked on every card, a key alone can vote.")


def _stay(console: Console, child: subprocess.Popen[bytes]) -> None:
    """Until Ctrl-C, or the gateway's end, which shouldn't come first."""
    _say(console, "The gateway keeps running: look around in the console, or connect with psql. Ctrl-C ends it all.")
    while child.poll() is None:
        time.sleep(_LOOK_SECONDS)
    raise InterlockError("the gateway has ended by itself; gateway.log in the demo's directory says why", code="ended")


def _choose_ports(asked: Ports, once: bool) -> Ports:
    """The ports asked for, the usual ones, or free ones; raises `InterlockError` naming one that is in use."""
    free = _free_ports(3) if once else (PORTS.control, PORTS.agents, PORTS.postgres)
    ports = Ports(asked.control or free[0], asked.agents or free[1], asked.postgres or free[2])
    for option, port in (("control", ports.control), ("agents", ports.agents), ("postgres", ports.postgres)):
        if port_is_taken(port):
            raise InterlockError(
                f"port {port} on {HOST} is in use: stop what listens there, or choose another with --{option}-port",
                code="port_taken",
            )
    return ports


def _free_ports(count: int) -> tuple[int, ...]:
    """Different ports, free at this moment."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return tuple(int(probe.getsockname()[1]) for probe in probes)


@contextlib.contextmanager
def _directory(directory: Path | None, once: bool) -> Iterator[Path]:
    if directory is not None or not once:
        yield directory or DIRECTORY
        return
    own = Path(tempfile.mkdtemp(prefix="interlock-demo-"))
    own.chmod(0o711)  # under root the server runs as nobody, who must be able to pass
    try:
        yield own
    finally:
        shutil.rmtree(own)


@contextlib.contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the demo, children first and in order; once that has begun, more of them don't
    break it off (each wait in it has a bound)."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(_: int, frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(console: Console, words: str) -> None:
    console.print(Text(words), soft_wrap=True)
