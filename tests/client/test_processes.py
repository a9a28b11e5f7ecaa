"""The client over processes and restarts: `interlock serve` in a child, callers in others; and what it is made of."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.an_installation import Installation, installation
from tests.client.a_guarded_place import SCHEMA

from interlock_client import Handle, Interlock, InterlockError, NotAuthenticated, Pending, Unavailable, asked, guard

CLIENT = Path(__file__).resolve().parents[2] / "client"
SECONDS = 60
POLICY = """
@id("agents-push")
permit (principal in Interlock::Group::"ai-agents", action == Interlock::Action::"tool:snapshots/push", resource);
@id("pushes-are-signed") @review("security:1") @because("A push needs a second person.")
forbid (principal, action == Interlock::Action::"tool:snapshots/push", resource) when { !context.opaque };
"""
REDEEM = """
import sys
from interlock_client import InterlockError, guard
@guard("snapshots.push", resource="claims", wait=0)
def push(dataset):
    return "ran"
sys.stdin.readline()
try:
    print(push.resume(sys.argv[1], dataset="claims"))
except InterlockError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        tools = {"connection": "snapshots", "tools": [{"name": "push", "inputSchema": SCHEMA}]}
        (made.directory / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
        made.policy.write_text(POLICY, encoding="utf-8")
        settings = made.settings.read_text(encoding="utf-8").replace("[policy]", '[policy]\ntools = ["tools.json"]')
        made.settings.write_text(settings + "\n[access.snapshots]\n", encoding="utf-8")
        yield made


def accepted(here: Installation) -> Interlock:
    """The agent's client, once its owner has accepted it."""
    answer = here.call("POST", "/api/people/me/wards/etl/accept", here.console("dana"), {})
    assert answer.is_success, answer.text
    return Interlock(here.url, here.key("etl"))


def pushing(client: Interlock, ran: list[str]) -> Any:
    @guard("snapshots.push", resource="claims", wait=0, client=client)
    def push(dataset: str) -> str:
        ran.append(dataset)
        return dataset

    return push


def held(push: Any) -> Handle:
    with pytest.raises(Pending) as pending:
        push("claims")
    handle = pending.value.handle
    assert isinstance(handle, Handle)
    return handle


def test_the_gateway_dies_between_approval_and_redeeming(here: Installation) -> None:
    ran: list[str] = []
    with here.serving():
        push = pushing(accepted(here), ran)
        handle = held(push)
        assert here.vote(handle.id, "remy").is_success
    with pytest.raises(Unavailable):
        push.resume(handle, "claims")
    assert ran == []
    with here.serving():
        assert push.resume(handle.dump(), "claims") == "claims"
        with pytest.raises(InterlockError):
            push.resume(handle, "claims")
        assert ran == ["claims"]
        _two_processes_race(here, push)
        _forked(here, push)
        _where_a_loop_runs(here, push)
        _revoked(here, push, ran)


def _children(here: Installation, handle: Handle, many: int) -> list[str]:
    """What each of so many processes says that redeem one handle at the same time."""
    env = {"INTERLOCK_URL": here.url, "INTERLOCK_TOKEN": here.key("etl"), "PYTHONPATH": str(CLIENT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", REDEEM, handle.dump()],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(many)
    ]
    for child in started:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [child.communicate(timeout=SECONDS)[0].strip() for child in started]


def _two_processes_race(here: Installation, push: Any) -> None:
    handle = held(push)
    assert here.vote(handle.id, "remy").is_success
    assert sorted(_children(here, handle, 2)) == ["NoLongerApproved", "ran"]


def _forked(here: Installation, push: Any) -> None:
    """As workers that are forked from a process that has used the client: each has it, and one of them runs."""
    handle = held(push)
    assert here.vote(handle.id, "remy").is_success
    children = []
    for _ in range(2):
        child = os.fork()
        if not child:
            code = 2
            try:
                code = 0 if push.resume(handle, "claims") == "claims" else 3
            except InterlockError:
                code = 1
            finally:
                os._exit(code)
        children.append(child)
    assert sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children) == [0, 1]


def _where_a_loop_runs(here: Installation, push: Any) -> None:
    """As in a notebook: the blocking face in a cell, on a running loop."""
    handle = held(push)
    assert here.vote(handle.id, "remy").is_success

    async def cell() -> object:
        return push.resume(handle, "claims")

    assert asyncio.run(cell()) == "claims"


def _revoked(here: Installation, push: Any, ran: list[str]) -> None:
    handle = held(push)
    assert here.vote(handle.id, "remy").is_success
    key = here.key("etl").split("_")[1]
    operator = {"Authorization": f"Bearer {here.operator}"}
    answer = here.call("POST", f"/api/operator/keys/{key}/revoke", operator, {"because": "lost"})
    assert answer.is_success, answer.text
    before = list(ran)
    with pytest.raises(NotAuthenticated):
        push.resume(handle, "claims")
    with pytest.raises(NotAuthenticated):
        push("claims")
    assert ran == before


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """Installed by itself, imported by a Python without any other package."""
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    made = subprocess.run(
        [*pip, "--no-build-isolation", "--target", str(target), str(source)], capture_output=True, timeout=SECONDS * 3
    )
    assert made.returncode == 0, made.stderr.decode()
    (metadata,) = target.glob("interlock_client-*.dist-info/METADATA")
    assert "Requires-Dist" not in metadata.read_text()
    program = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import interlock_client; "
        "print(interlock_client.__file__); "
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " - sys.stdlib_module_names - {'__main__', '__mp_main__'}))"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program], capture_output=True, text=True, timeout=SECONDS
    )
    assert said.returncode == 0, said.stderr
    file, modules = said.stdout.splitlines()
    assert Path(file).is_relative_to(target)
    assert modules == "['interlock_client']"


def test_asking_is_the_same_whatever_the_order_of_arguments() -> None:
    one = asked("snapshots.push", resource="claims", arguments={"a": 1, "b": 2})
    other = asked("push", connection="snapshots", resource="claims", arguments={"b": 2, "a": 1})
    assert one == other
    assert one.binding == other.binding
