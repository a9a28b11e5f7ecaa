"""Playbooks of transactions, COPY, notifications, holds, and ends of sessions."""

from __future__ import annotations

from testkit.postgres_messages import frame
from tests.doors.postgres.a_playbook import (
    COPY_DONE,
    FLUSH,
    SYNC,
    Ask,
    Do,
    Playbook,
    Stage,
    bind,
    copy_data,
    copy_fail,
    execute,
    parse,
    query,
    run,
)

PGCOPY = b"PGCOPY\n\xff\r\n\0" + bytes(8)
BINARY_ROW = b"\0\1\0\0\0\4\0\0\0\7"

TRANSACTIONS = (
    Playbook("COMMIT")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("INSERT INTO log VALUES (7)")
    << "C(INSERT 0 1) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)"
    >> query("DELETE FROM log WHERE id = 7")
    << "C(DELETE 1) Z(I)",
    Playbook("ROLLBACK")
    >> query("START TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    << "C(START TRANSACTION) Z(T)"
    >> query("INSERT INTO log VALUES (7)")
    << "C(INSERT 0 1) Z(T)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("savepoints")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("SAVEPOINT a")
    << "C(SAVEPOINT) Z(T)"
    >> query("SELECT 1 / (id - 1) FROM things")
    << "T(?column?:23) E(22012) Z(E)"
    >> query("SELECT 1")
    << "E(25P02) Z(E)"
    >> query("ROLLBACK TO SAVEPOINT a")
    << "C(ROLLBACK) Z(T)"
    >> query("RELEASE a")
    << "C(RELEASE) Z(T)"
    >> query("ROLLBACK TO a")
    << "E(3B001) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("COMMIT of a failed transaction")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("SELECT nothing FROM things")
    << "E(42703) Z(E)"
    >> run("SELECT 1") + SYNC
    << "E(25P02) Z(E)"
    >> query("COMMIT")
    << "C(ROLLBACK) Z(I)",
    Playbook("a refusal fails its transaction")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("DROP TABLE things")
    << "E(42501) Z(E)"
    >> query("SELECT 1")
    << "E(25P02) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("BEGIN twice, COMMIT of nothing")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("BEGIN")
    << "N(WARNING 25001) C(BEGIN) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)"
    >> query("COMMIT")
    << "N(WARNING 25P01) C(COMMIT) Z(I)",
    Playbook("COMMIT AND CHAIN")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COMMIT AND CHAIN")
    << "E(42501) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("a setting of one transaction")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("SET LOCAL statement_timeout = '9s'")
    << "C(SET) Z(T)"
    >> query("SHOW statement_timeout")
    << "T(statement_timeout:25) D(9s) C(SHOW) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)"
    >> query("SHOW statement_timeout")
    << "T(statement_timeout:25) D(0) C(SHOW) Z(I)",
)

COPIES = (
    Playbook("COPY out, text")
    >> query("COPY things TO STDOUT")
    << r"H(0:3) d(1,pen,1.50$2,\N,20.00$3,ink, blue,\N$) c C(COPY 3) Z(I)",
    Playbook("COPY out, csv")
    >> query("COPY things (id, name) TO STDOUT (FORMAT csv, HEADER)")
    << 'H(0:2) d(id,name$1,pen$2,$3,"ink, blue"$) c C(COPY 3) Z(I)',
    Playbook("COPY out, binary")
    >> query("COPY (SELECT id FROM things WHERE id = 1) TO STDOUT (FORMAT binary)")
    << "H(1:1) d(x5047434f50590aff0d0a00000000000000000000010000000400000001ffff) c C(COPY 1) Z(I)",
    Playbook("COPY out, extended")
    >> run("COPY things (id) TO STDOUT") + SYNC
    << "1 2 H(0:1) d(1$2$3$) c C(COPY 3) Z(I)",
    Playbook("COPY in, text")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COPY log FROM STDIN")
    << "G(0:1)"
    >> copy_data(b"7\n8", b"\n9\n") + COPY_DONE
    << "C(COPY 3) Z(T)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("COPY in, csv")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COPY log (id) FROM STDIN WITH (FORMAT csv, HEADER)")
    << "G(0:1)"
    >> copy_data(b'id\n"7"\n', b"8\n") + COPY_DONE
    << "C(COPY 2) Z(T)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("COPY in, binary")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COPY log FROM STDIN (FORMAT binary)")
    << "G(1:1)"
    >> copy_data(PGCOPY + BINARY_ROW, BINARY_ROW[:5], BINARY_ROW[5:] + b"\xff\xff") + COPY_DONE
    << "C(COPY 2) Z(T)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("COPY in without rows") >> query("COPY log FROM STDIN") << "G(0:1)" >> COPY_DONE << "C(COPY 0) Z(I)",
    Playbook("CopyFail")
    >> query("COPY log FROM STDIN")
    << "G(0:1)"
    >> copy_data(b"7\n") + copy_fail()
    << "E(57014) Z(I)",
    Playbook("the server fails a COPY")
    >> query("COPY log FROM STDIN")
    << "G(0:1)"
    >> copy_data(b"7\n", b"seven\n") + COPY_DONE
    << "E(22P02) Z(I)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("extended COPY in")
    >> run("BEGIN") + SYNC
    << "1 2 C(BEGIN) Z(T)"
    >> run("COPY log FROM STDIN") + SYNC
    << "1 2 G(0:1)"
    >> copy_data(b"7\n") + COPY_DONE + SYNC
    << "C(COPY 1) Z(T)"
    >> run("ROLLBACK") + SYNC
    << "1 2 C(ROLLBACK) Z(I)",
    Playbook("extended COPY in, failed by its client")
    >> run("COPY log FROM STDIN") + FLUSH
    << "1 2 G(0:1)"
    >> copy_data(b"7\n") + copy_fail() + SYNC
    << "E(57014) Z(I)",
    Playbook("a masked value isn't copied in")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COPY people FROM STDIN")
    << "G(0:2)"
    >> copy_data(b"7\t[phi.ssn]\n") + COPY_DONE
    << "E(42501) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)"
    >> query("SELECT id FROM people WHERE id = 7")
    << "T(id:23) C(SELECT 0) Z(I)",
)


async def _news(stage: Stage) -> None:
    stage.elsewhere("NOTIFY news, 'hello'")


async def _sign(stage: Stage) -> None:
    await stage.sign()


async def _deny(stage: Stage) -> None:
    await stage.deny()


async def _cancel(stage: Stage) -> None:
    await stage.cancel()


async def _cancel_until_heard(stage: Stage) -> None:
    await stage.cancel_until_heard()


async def _fetch(stage: Stage) -> bytes:
    return query(f"SELECT * FROM interlock.fetch('{await stage.last_review()}')")


NOTICES = (
    Playbook("LISTEN and NOTIFY")
    >> query("LISTEN news")
    << "C(LISTEN) Z(I)"
    >> query("NOTIFY news")
    << "C(NOTIFY) A(news|[phi.ssn]) Z(I)"
    >> Do(_news)
    << "A(news|[phi.ssn])"
    >> query("UNLISTEN news")
    << "C(UNLISTEN) Z(I)"
    >> query("NOTIFY news")
    << "C(NOTIFY) Z(I)",
    Playbook("a notification of a transaction")
    >> query("LISTEN news")
    << "C(LISTEN) Z(I)"
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("NOTIFY news")
    << "C(NOTIFY) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) A(news|[phi.ssn]) Z(I)"
    >> query("UNLISTEN *")
    << "C(UNLISTEN) Z(I)",
    Playbook("a notice") >> query("SELECT noticed()") << "T(noticed:23) N(00000) D(NULL) C(SELECT 1) Z(I)",
    Playbook("a notice in a pipeline")
    >> run("SELECT 1") + run("SELECT noticed()") + SYNC
    << "1 2 D(1) C(SELECT 1) 1 2 N(00000) D(NULL) C(SELECT 1) Z(I)",
)

_OURS = "PostgreSQL holds nothing"
HOLDS = (
    Playbook("held, approved, rows", alone=_OURS)
    >> query("COPY people TO STDOUT")
    << "N(00000)"
    >> Do(_sign)
    << r"H(0:2) d(1,[phi.ssn]$2,\N$) c C(COPY 2) Z(I)",
    Playbook("held, approved, extended", alone=_OURS)
    >> run("COPY people TO STDOUT") + SYNC + query("SELECT 1")
    << "N(00000)"
    >> Do(_sign)
    << r"1 2 H(0:2) d(1,[phi.ssn]$2,\N$) c C(COPY 2) Z(I) T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("held, denied", alone=_OURS)
    >> query("COPY people TO STDOUT")
    << "N(00000)"
    >> Do(_deny)
    << "E(42501) Z(I)"
    >> query("SELECT 1")
    << "T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("held, cancelled", alone=_OURS)
    >> query("COPY people TO STDOUT")
    << "N(00000)"
    >> Do(_cancel)
    << "E(57014) Z(I)"
    >> query("SELECT 1")
    << "T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("held in a pipeline, denied", alone=_OURS)
    >> run("INSERT INTO log VALUES (7)") + run("COPY people TO STDOUT") + run("SELECT 1") + SYNC
    << "N(00000)"
    >> Do(_deny)
    << "E(42501) Z(I)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("held in a transaction", alone=_OURS)
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("COPY people TO STDOUT")
    << "N(00000) E(42501) Z(E)"
    >> query("SELECT 1")
    << "E(25P02) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("rows are signed for", alone=_OURS)
    >> query("COPY people FROM STDIN")
    << "G(0:2)"
    >> copy_data(b"7\tx\n") + COPY_DONE
    << "N(00000)"
    >> Do(_sign)
    << "C(COPY 1) Z(I)"
    >> query("DELETE FROM people WHERE id = 7")
    << "C(DELETE 1) Z(I)",
    Playbook("deferred", alone=_OURS)
    >> query("SET interlock.wait = 'deferred'")
    << "C(SET) Z(I)"
    >> query("COPY people TO STDOUT")
    << "E(IL001) Z(I)"
    >> Do(_sign)
    >> Ask(_fetch)
    << r"T(copy:25) D(1,[phi.ssn]) D(2,\N) C(SELECT 2) Z(I)"
    >> query("SET interlock.wait = 'attached'")
    << "C(SET) Z(I)",
)

OTHERS = (
    Playbook("a function call", alone="lo_creat would make a large object")
    >> frame(b"F", b"\0\0\3\xbd\0\0\0\0\0\0")
    << "E(0A000) Z(I)",
    Playbook("CopyData and CopyDone that nobody asked for")
    >> copy_data(b"7\n") + COPY_DONE + query("SELECT 1")
    << "T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("a write through a portal")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> parse("INSERT INTO log VALUES ($1), ($1) RETURNING id") + bind(b"7") + execute(rows=1) + SYNC
    << "1 2 D(7) s Z(T)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(2) C(SELECT 1) Z(T)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
)

ENDS = (
    Playbook("Terminate", ends=True) >> frame(b"X", b""),
    Playbook("Terminate behind a query", ends=True)
    >> query("SELECT 1") + frame(b"X", b"")
    << "T(?column?:23) D(1) C(SELECT 1) Z(I)",
    Playbook("a type that nobody knows", ends=True) >> frame(b"y", b"what") << "E(FATAL 08P01)",
    Playbook("a length below its own four", ends=True) >> b"Q\0\0\0\3" << "E(FATAL 08P01)",
    Playbook("a query behind a Flush", ends=True, alone="the server takes it, into the implicit transaction")
    >> run("INSERT INTO log VALUES (7)") + FLUSH
    << "1 2 C(INSERT 0 1)"
    >> query("SELECT 1")
    << "E(FATAL 08P01)",
    Playbook("a query that is cancelled", ends=True)
    >> parse("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b", b"s") + SYNC
    << "1 Z(I)"
    >> bind(of=b"s") + execute() + SYNC
    >> Do(_cancel_until_heard)
    << "2 E(57014) Z(I)"
    >> frame(b"X", b""),
)

CHANGES = {
    "transactions": TRANSACTIONS,
    "copies": COPIES,
    "notices": NOTICES,
    "holds": HOLDS,
    "others": OTHERS,
    "ends": ENDS,
}
