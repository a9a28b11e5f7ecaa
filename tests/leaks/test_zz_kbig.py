from tests.leaks.test_grown_statements import *
@pytest.mark.parametrize(("first","many","writes"),[(50_000,1500,False),(60_000,240,True)])
async def test_big(tmp_path_factory, house, first, many, writes, capsys):
    database, canaries = house
    tally, search, batch = Tally(), Search(canaries), WRITES_A_GATEWAY if writes else READS_A_GATEWAY
    for start in range(first, first + many, batch):
        await judged(tmp_path_factory.mktemp("g"), database, search, range(start, min(start + batch, first + many)), tally, writes=writes)
    with capsys.disabled():
        print("\nBIG", writes, tally.line(), dict(tally.because), dict(tally.counts))
        for kind in ("leaks","changed","lost"):
            for each in getattr(tally, kind): print(kind, each[:1500])
