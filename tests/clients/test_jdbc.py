"""The JDBC driver of Debian's package, as DBeaver and other Java tools use it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import CANARIES, Path_, assert_same, direct, run, through
from tests.postgres_fixture import Database

JAR = Path("/usr/share/java/postgresql.jar")
PACKAGE = "libpostgresql-jdbc-java"
PROGRAM = Path(__file__).with_name("Look.java")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program."""
    if shutil.which("javac") is None:
        pytest.skip("LOUD: no Java compiler here, so the JDBC driver wasn't tried")
    if not JAR.exists() and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        command = ["apt-get", "install", "-y", "--no-install-recommends", PACKAGE]
        subprocess.run(command, check=False, capture_output=True, timeout=120)
    if not JAR.exists():
        pytest.skip(f"LOUD: the JDBC driver isn't installed ({PACKAGE}), so it wasn't tried")
    directory = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-d", str(directory), str(PROGRAM)], check=True, timeout=60)
    return directory


async def _look(path: Path_, classes: Path) -> str:
    url = f"jdbc:postgresql://{path.host}:{path.port}/{path.database}"
    return (await run(path, "java", "-cp", f"{classes}:{JAR}", "Look", url, path.user)).well()


async def test_it_prints_what_it_prints_directly(shop: Database, plain: Gateway, classes: Path) -> None:
    assert_same(await _look(direct(shop), classes), await _look(through(plain), classes))


async def test_with_labels_names_stay_and_values_are_masked(labelled: Gateway, classes: Path) -> None:
    told = await _look(through(labelled), classes)
    assert "orders_item_note_key" in told
    assert "note 17" in told
    assert [word for word in (*CANARIES, "Given", "MRN0000") if word in told] == []
