"""Playbooks of queries: simple, extended, pipelines, portals, names, cursors."""

from __future__ import annotations

from tests.doors.postgres.a_playbook import (
    FLUSH,
    SYNC,
    Playbook,
    bind,
    close,
    close_portal,
    describe,
    describe_portal,
    execute,
    parse,
    query,
    run,
)

SIMPLE = (
    Playbook("a query")
    >> query("SELECT id, name FROM things ORDER BY id")
    << "T(id:23 name:25) D(1|pen) D(2|NULL) D(3|ink, blue) C(SELECT 3) Z(I)",
    Playbook("labelled values")
    >> query("SELECT id, ssn FROM people ORDER BY id")
    << "T(id:23 ssn:25) D(1|[phi.ssn]) D(2|NULL) C(SELECT 2) Z(I)",
    Playbook("no rows, no columns") >> query("SELECT FROM things WHERE false") << "T() C(SELECT 0) Z(I)",
    Playbook("an empty query") >> query("") << "I Z(I)",
    Playbook("only a comment") >> query("-- nothing") << "I Z(I)",
    Playbook("several statements")
    >> query("SELECT 1 AS a; SELECT id FROM log; SELECT 'b' AS b")
    << "T(a:23) D(1) C(SELECT 1) T(id:23) C(SELECT 0) T(b:25) D(b) C(SELECT 1) Z(I)",
    Playbook("SHOW behind others") >> query("SELECT 1 AS a; SHOW DateStyle") << "E(0A000) Z(I)",
    Playbook("empty statements among others") >> query("; SELECT 1 AS a;; ") << "T(a:23) D(1) C(SELECT 1) Z(I)",
    Playbook("an error in the middle")
    >> query("INSERT INTO log VALUES (7); SELECT 1 / (id - 1) FROM things; SELECT 2")
    << "C(INSERT 0 1) T(?column?:23) E(22012) Z(I)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("a syntax error") >> query("SELEKT 1") << "E(42601) Z(I)",
    Playbook("a name that isn't there") >> query("SELECT nothing FROM things") << "E(42703) Z(I)",
    Playbook("a transaction in one query")
    >> query("BEGIN; INSERT INTO log VALUES (7); ROLLBACK; SELECT count(*) FROM log")
    << "C(BEGIN) C(INSERT 0 1) C(ROLLBACK) T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("a dropped table, refused") >> query("DROP TABLE things") << "E(42501) Z(I)",
    Playbook("settings")
    >> query("SET application_name = 'mine'")
    << "C(SET) S(application_name=mine) Z(I)"
    >> query("SHOW application_name")
    << "T(application_name:25) D(mine) C(SHOW) Z(I)"
    >> query("SET TimeZone = 'Europe/Paris'")
    << "C(SET) S(TimeZone=Europe/Paris) Z(I)"
    >> query("RESET TimeZone")
    << "C(RESET) S(TimeZone=UTC) Z(I)"
    >> query("DISCARD ALL")
    << "C(DISCARD ALL) S(application_name=) Z(I)",
)

EXTENDED = (
    Playbook("parse, bind, describe, execute")
    >> parse("SELECT id, name FROM things WHERE id = $1", b"", 23) + bind(b"2") + describe_portal() + execute() + SYNC
    << "1 2 T(id:23 name:25) D(2|NULL) C(SELECT 1) Z(I)",
    Playbook("describe of a statement")
    >> parse("SELECT id, name, price FROM things WHERE name = $1") + describe() + SYNC
    << "1 t(25) T(id:23 name:25 price:1700) Z(I)",
    Playbook("describe of what gives no rows")
    >> parse("INSERT INTO log VALUES ($1)") + describe() + bind(b"7") + describe_portal() + SYNC
    << "1 t(23) n 2 n Z(I)",
    Playbook("results in binary")
    >> parse("SELECT id, name, price FROM things WHERE id = 1")
    + bind(results=(1,))
    + describe_portal()
    + execute()
    + SYNC
    << "1 2 T(id:23/1 name:25/1 price:1700/1) D(x00000001|pen|x000200000000000200011388) C(SELECT 1) Z(I)",
    Playbook("labelled results in binary")
    >> parse("SELECT id, ssn FROM people WHERE id = 1") + bind(results=(1, 0)) + describe_portal() + execute() + SYNC
    << "1 2 T(id:23/1 ssn:25) D(x00000001|[phi.ssn]) C(SELECT 1) Z(I)",
    Playbook("an empty statement") >> run("") + SYNC << "1 2 I Z(I)",
    Playbook("two statements in one Parse") >> parse("SELECT 1; SELECT 2") + SYNC << "E(42601) Z(I)",
    Playbook("a bare Sync") >> SYNC + SYNC << "Z(I) Z(I)",
    Playbook("a statement that nobody parsed") >> bind(of=b"none") + execute() + SYNC << "E(26000) Z(I)",
    Playbook("a portal that nobody bound") >> execute(b"none") + SYNC << "E(34000) Z(I)",
    Playbook("too few parameters")
    >> parse("SELECT $1::int4, $2::int4") + bind(b"1") + execute() + SYNC
    << "1 E(08P01) Z(I)",
    Playbook("a value that is none of its type") >> run("SELECT $1::int4", b"seven") + SYNC << "1 E(22P02) Z(I)",
    Playbook("a Bind that fails between others")
    >> parse("SELECT $1::int4 AS a", b"s")
    + bind(b"1", of=b"s")
    + describe_portal()
    + execute()
    + bind(b"2", of=b"s", to=b"kept")
    + describe(b"s")
    + parse("SELECT 3 AS b")
    + bind(b"four", of=b"s")
    + describe_portal()
    + execute()
    + bind(b"5", of=b"s")
    + execute()
    + SYNC
    << "1 2 T(a:23) D(1) C(SELECT 1) 2 t(23) T(a:23) 1 E(22P02) Z(I)"
    >> bind(b"6", of=b"s") + execute() + SYNC
    << "2 D(6) C(SELECT 1) Z(I)"
    >> close(b"s") + SYNC
    << "3 Z(I)",
    Playbook("a Bind that fails behind a Flush")
    >> parse("SELECT $1::int4 AS a", b"s") + bind(b"1", of=b"s") + execute() + FLUSH
    << "1 2 D(1) C(SELECT 1)"
    >> bind(b"two", of=b"s") + execute() + FLUSH
    << "E(22P02)"
    >> bind(b"3", of=b"s") + execute() + SYNC
    << "Z(I)"
    >> bind(b"4", of=b"s") + execute() + SYNC
    << "2 D(4) C(SELECT 1) Z(I)"
    >> close(b"s") + SYNC
    << "3 Z(I)",
    Playbook("a null") >> run("SELECT $1::text, 1", None) + SYNC << "1 2 D(NULL|1) C(SELECT 1) Z(I)",
    Playbook("close of what isn't there") >> close(b"none") + close_portal(b"none") + SYNC << "3 3 Z(I)",
    Playbook("a named statement, closed and parsed again")
    >> parse("SELECT 1 AS a", b"s") + bind(of=b"s") + execute() + SYNC
    << "1 2 D(1) C(SELECT 1) Z(I)"
    >> parse("SELECT 2 AS b", b"s") + SYNC
    << "E(42P05) Z(I)"
    >> close(b"s") + parse("SELECT 2 AS b", b"s") + describe(b"s") + bind(of=b"s") + execute() + SYNC
    << "3 1 t() T(b:23) 2 D(2) C(SELECT 1) Z(I)"
    >> close(b"s") + SYNC
    << "3 Z(I)"
    >> bind(of=b"s") + SYNC
    << "E(26000) Z(I)",
    Playbook("a statement used twice")
    >> parse("SELECT name FROM things WHERE id = $1", b"s")
    + bind(b"1", of=b"s")
    + execute()
    + bind(b"2", of=b"s")
    + execute()
    + close(b"s")
    + SYNC
    << "1 2 D(pen) C(SELECT 1) 2 D(NULL) C(SELECT 1) 3 Z(I)",
)

PIPELINES = (
    Playbook("a pipeline of several units")
    >> run("SELECT 1") + SYNC + run("SELECT 2") + SYNC + query("SELECT 3") + run("SELECT 4") + SYNC
    << "1 2 D(1) C(SELECT 1) Z(I) 1 2 D(2) C(SELECT 1) Z(I)"
    << "T(?column?:23) D(3) C(SELECT 1) Z(I) 1 2 D(4) C(SELECT 1) Z(I)",
    Playbook("an error, and skipping to Sync")
    >> run("INSERT INTO log VALUES (7)")
    + run("SELECT 1 / (id - 1) FROM things")
    + run("SELECT 2")
    + close(b"s")
    + SYNC
    + run("SELECT count(*) FROM log")
    + SYNC
    << "1 2 C(INSERT 0 1) 1 2 E(22012) Z(I) 1 2 D(0) C(SELECT 1) Z(I)",
    Playbook("a Parse that fails, and skipping to Sync")
    >> run("SELECT 1") + run("SELEKT 2") + run("SELECT 3") + SYNC + run("SELECT 4") + SYNC
    << "E(42601) Z(I) 1 2 D(4) C(SELECT 1) Z(I)",
    Playbook("a refused statement in a pipeline")
    >> run("SELECT 1") + run("DROP TABLE things") + run("SELECT 3") + SYNC + run("SELECT 4") + SYNC
    << "E(42501) Z(I) 1 2 D(4) C(SELECT 1) Z(I)",
    Playbook("a Flush")
    >> parse("SELECT name FROM things WHERE id = $1") + describe() + FLUSH
    << "1 t(23) T(name:25)"
    >> bind(b"1") + execute() + FLUSH
    << "2 D(pen) C(SELECT 1)"
    >> bind(b"2") + execute() + SYNC
    << "2 D(NULL) C(SELECT 1) Z(I)",
    Playbook("an error before a Flush")
    >> run("INSERT INTO log VALUES (7)") + FLUSH
    << "1 2 C(INSERT 0 1)"
    >> run("SELECT 1 / (id - 1) FROM things") + FLUSH
    << "1 2 E(22012)"
    >> run("SELECT 2") + FLUSH + SYNC
    << "Z(I)"
    >> query("SELECT count(*) FROM log")
    << "T(count:20) D(0) C(SELECT 1) Z(I)",
    Playbook("a transaction in a pipeline")
    >> run("BEGIN") + run("INSERT INTO log VALUES (7)") + run("SELECT count(*) FROM log") + run("ROLLBACK") + SYNC
    << "1 2 C(BEGIN) 1 2 C(INSERT 0 1) 1 2 D(1) C(SELECT 1) 1 2 C(ROLLBACK) Z(I)",
)

PORTALS = (
    Playbook("a portal that goes on")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> parse("SELECT id, name FROM things ORDER BY id") + bind(to=b"p") + execute(b"p", 2) + SYNC
    << "1 2 D(1|pen) D(2|NULL) s Z(T)"
    >> execute(b"p", 2) + SYNC
    << "D(3|ink, blue) C(SELECT 1) Z(T)"
    >> execute(b"p", 2) + close_portal(b"p") + SYNC
    << "C(SELECT 0) 3 Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)",
    Playbook("a portal behind a Flush")
    >> parse("SELECT id FROM things ORDER BY id") + bind() + execute(rows=1) + FLUSH
    << "1 2 D(1) s"
    >> execute(rows=1) + FLUSH
    << "D(2) s"
    >> execute() + SYNC
    << "D(3) C(SELECT 1) Z(I)",
    Playbook("exactly as many rows as asked for")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> parse("SELECT id FROM things ORDER BY id") + bind() + execute(rows=3) + execute(rows=3) + SYNC
    << "E(0A000) Z(E)"
    >> query("COMMIT")
    << "C(ROLLBACK) Z(I)",
    Playbook("a portal is gone with its transaction")
    >> parse("SELECT id FROM things ORDER BY id") + bind(to=b"p") + execute(b"p", 1) + SYNC
    << "1 2 D(1) s Z(I)"
    >> execute(b"p", 1) + SYNC
    << "E(34000) Z(I)",
    Playbook("labelled values in parts")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> parse("SELECT ssn FROM people ORDER BY id") + bind(to=b"p") + describe_portal(b"p") + execute(b"p", 1) + SYNC
    << "1 2 T(ssn:25) D([phi.ssn]) s Z(T)"
    >> execute(b"p", 5) + SYNC
    << "D(NULL) C(SELECT 1) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)",
)

NAMES = (
    Playbook("PREPARE, EXECUTE, DEALLOCATE")
    >> query("PREPARE q (int) AS SELECT name FROM things WHERE id = $1")
    << "C(PREPARE) Z(I)"
    >> query("EXECUTE q (2)")
    << "T(name:25) D(NULL) C(SELECT 1) Z(I)"
    >> query("DEALLOCATE q")
    << "C(DEALLOCATE) Z(I)"
    >> query("EXECUTE q (2)")
    << "E(26000) Z(I)",
    Playbook("SQL's names are the protocol's")
    >> query("PREPARE q (int) AS SELECT name FROM things WHERE id = $1")
    << "C(PREPARE) Z(I)"
    >> describe(b"q") + bind(b"1", of=b"q") + execute() + SYNC
    << "t(23) T(name:25) 2 D(pen) C(SELECT 1) Z(I)"
    >> parse("SELECT 1", b"q") + SYNC
    << "E(42P05) Z(I)"
    >> close(b"q") + SYNC
    << "3 Z(I)"
    >> parse("SELECT 5 AS five", b"q") + SYNC
    << "1 Z(I)"
    >> query("EXECUTE q")
    << "T(five:23) D(5) C(SELECT 1) Z(I)"
    >> query("DEALLOCATE ALL")
    << "C(DEALLOCATE ALL) Z(I)"
    >> bind(of=b"q") + SYNC
    << "E(26000) Z(I)",
    Playbook("DISCARD ALL")
    >> query("PREPARE q AS SELECT 1")
    << "C(PREPARE) Z(I)"
    >> query("DISCARD ALL")
    << "C(DISCARD ALL) Z(I)"
    >> query("EXECUTE q")
    << "E(26000) Z(I)",
    Playbook("PREPARE in the extended protocol")
    >> run("PREPARE q AS SELECT 1 AS one") + SYNC
    << "1 2 C(PREPARE) Z(I)"
    >> run("EXECUTE q") + SYNC
    << "1 2 D(1) C(SELECT 1) Z(I)"
    >> run("DEALLOCATE q") + SYNC
    << "1 2 C(DEALLOCATE) Z(I)",
)

CURSORS = (
    Playbook("a cursor")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("DECLARE c SCROLL CURSOR FOR SELECT id, name FROM things ORDER BY id")
    << "C(DECLARE CURSOR) Z(T)"
    >> query("FETCH 2 FROM c")
    << "T(id:23 name:25) D(1|pen) D(2|NULL) C(FETCH 2) Z(T)"
    >> query("FETCH PRIOR FROM c")
    << "T(id:23 name:25) D(1|pen) C(FETCH 1) Z(T)"
    >> query("MOVE ALL FROM c")
    << "C(MOVE 2) Z(T)"
    >> query("FETCH c")
    << "T(id:23 name:25) C(FETCH 0) Z(T)"
    >> query("CLOSE c")
    << "C(CLOSE CURSOR) Z(T)"
    >> query("FETCH c")
    << "E(34000) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("a cursor with hold")
    >> query("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM things ORDER BY id")
    << "C(DECLARE CURSOR) Z(I)"
    >> query("FETCH 2 FROM c")
    << "T(id:23) D(1) D(2) C(FETCH 2) Z(I)"
    >> query("CLOSE c")
    << "C(CLOSE CURSOR) Z(I)",
    Playbook("a portal of a cursor, described")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("DECLARE c CURSOR FOR SELECT id, ssn FROM people ORDER BY id")
    << "C(DECLARE CURSOR) Z(T)"
    >> describe_portal(b"c") + SYNC
    << "T(id:23 ssn:25) Z(T)"
    >> query("FETCH FORWARD 1 FROM c")
    << "T(id:23 ssn:25) D(1|[phi.ssn]) C(FETCH 1) Z(T)"
    >> query("COMMIT")
    << "C(COMMIT) Z(I)",
    Playbook("a cursor outside a transaction") >> query("DECLARE c CURSOR FOR SELECT 1") << "E(25P01) Z(I)",
    Playbook("a cursor goes with its savepoint")
    >> query("BEGIN")
    << "C(BEGIN) Z(T)"
    >> query("SAVEPOINT s")
    << "C(SAVEPOINT) Z(T)"
    >> query("DECLARE c CURSOR FOR SELECT id FROM things ORDER BY id")
    << "C(DECLARE CURSOR) Z(T)"
    >> query("ROLLBACK TO s")
    << "C(ROLLBACK) Z(T)"
    >> query("FETCH c")
    << "E(34000) Z(E)"
    >> query("ROLLBACK")
    << "C(ROLLBACK) Z(I)",
    Playbook("a cursor in the extended protocol")
    >> run("BEGIN") + SYNC
    << "1 2 C(BEGIN) Z(T)"
    >> run("DECLARE c CURSOR FOR SELECT id, name FROM things ORDER BY id") + SYNC
    << "1 2 C(DECLARE CURSOR) Z(T)"
    >> parse("FETCH 2 FROM c") + bind() + describe_portal() + execute() + SYNC
    << "1 2 T(id:23 name:25) D(1|pen) D(2|NULL) C(FETCH 2) Z(T)"
    >> run("CLOSE c") + run("COMMIT") + SYNC
    << "1 2 C(CLOSE CURSOR) 1 2 C(COMMIT) Z(I)",
)

QUERIES = {
    "simple queries": SIMPLE,
    "extended queries": EXTENDED,
    "pipelines": PIPELINES,
    "portals": PORTALS,
    "names": NAMES,
    "cursors": CURSORS,
}
