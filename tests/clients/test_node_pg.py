"""Node's `pg`, with `pg-cursor` and `pg-copy-streams`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import Path_, assert_same, direct, run, through
from tests.postgres_fixture import Database

PACKAGES = ("pg@8", "pg-cursor@2", "pg-copy-streams@7")
PROGRAM = Path(__file__).with_name("look.js")


@pytest.fixture(scope="session")
def modules() -> Path:
    """A directory with the packages in it; kept between runs."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("LOUD: no Node here, so its client wasn't tried")
    directory = Path(tempfile.gettempdir()) / "interlock-node-clients"
    directory.mkdir(exist_ok=True)
    if not all((directory / "node_modules" / name.partition("@")[0]).exists() for name in PACKAGES):
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(directory), *PACKAGES]
        try:
            got = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("LOUD: npm took too long, so Node's client wasn't tried")
        if got.returncode != 0:
            pytest.skip("LOUD: npm can't get its packages, so Node's client wasn't tried")
    return directory / "node_modules"


async def _look(path: Path_, modules: Path, part: str) -> str:
    ran = await run(
        path, "node", str(PROGRAM), f"postgres://{path.url}", part, more={"NODE_PATH": str(modules), "TZ": "UTC"}
    )
    return ran.well()


@pytest.mark.parametrize("part", ["queries", "cursor", "copies"])
async def test_it_gets_what_it_gets_directly(shop: Database, plain: Gateway, modules: Path, part: str) -> None:
    assert_same(await _look(direct(shop), modules, part), await _look(through(plain), modules, part))


async def test_labelled_columns_come_masked(labelled: Gateway, modules: Path) -> None:
    told = await _look(through(labelled), modules, "queries")
    assert "[phi.mrn]" in told
    assert "Given" not in told
    assert "MRN0000" not in told
