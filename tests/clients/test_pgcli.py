"""pgcli's own queries, where a pgcli is installed (it is no dependency of ours)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.a_gateway import Gateway
from tests.clients.a_shop import CANARIES, Path_, assert_same, direct, run, through
from tests.postgres_fixture import Database

PROGRAM = Path(__file__).with_name("pgcli_queries.py")


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter that pgcli's script names."""
    script = shutil.which("pgcli")
    first = Path(script).read_text(encoding="utf-8").partition("\n")[0] if script is not None else ""
    if not first.startswith("#!/"):
        pytest.skip("LOUD: no pgcli on the PATH, so it wasn't tried")
    return first[2:].strip()


async def _look(path: Path_, python: str) -> str:
    given = (path.database, path.user, path.password, path.host, str(path.port))
    told = (await run(path, python, str(PROGRAM), *given)).well()
    return re.sub(r"object at 0x\w+", "object", told)


async def test_it_gets_what_it_gets_directly(shop: Database, plain: Gateway, python: str) -> None:
    assert_same(await _look(direct(shop), python), await _look(through(plain), python))


async def test_with_labels_names_stay_and_values_are_masked(labelled: Gateway, python: str) -> None:
    told = await _look(through(labelled), python)
    assert "twice" in told
    assert "item 1" in told
    assert [word for word in (*CANARIES, "Given", "MRN0000") if word in told] == []
