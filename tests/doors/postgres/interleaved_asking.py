"""What the clients of `test_interleavings` ask for; what each of it writes has an id of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.doors.postgres.a_modelled_client import FLUSH, SYNC, ModelledClient, Piece
from tests.doors.postgres.interleaved_stage import Stage

from interlock.wire.postgres import frontend
from interlock.wire.postgres.frontend import Target


class Asking:
    """What is asked in one schedule. `keys`: the id behind each idempotency key; `bumps`: ids that a counter took."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.keys = {(user, n): next(stage.ids) for user in ("etl", "other") for n in range(2)}
        self.bumps: set[int] = set()
        self.held: list[Piece] = []

    def _write(self, n: int = 0) -> Piece:
        at = next(self.stage.ids)
        if n % 4 == 3:
            self.bumps.add(at)
            return Piece(f"/*{at}*/ UPDATE counters SET n = n + 1 WHERE id = {n % 2 + 1}", ids=(at,))
        return Piece(f"INSERT INTO log VALUES ({at})", ids=(at,))

    def _signed(self) -> Piece:
        at = next(self.stage.ids)
        return Piece(f"INSERT INTO signed VALUES ({at})", ids=(at,))

    def write(self, client: ModelledClient, n: int) -> None:
        client.query(self._write(n))

    def sign_for(self, client: ModelledClient, n: int) -> None:
        """Policy holds it. Now and then it is one that was asked for before."""
        if n % 3 == 0 and self.held:
            client.query(self.held[-1])
            return
        self.held.append(self._signed())
        client.query(self.held[-1] if n % 5 else Piece("COPY people TO STDOUT"))

    def keyed(self, client: ModelledClient, n: int) -> None:
        at = self.keys[client.user, n % 2]
        client.query(Piece(f"SET interlock.idempotency_key = 'k{at}'"))
        client.query(Piece(f"INSERT INTO {'log' if n % 3 else 'signed'} VALUES ({at})", ids=(at,)))

    def copy_in(self, client: ModelledClient, n: int) -> None:
        ids = tuple(next(self.stage.ids) for _ in range(2))
        mark = " ".join(map(str, ids))
        piece = Piece(f"/*{mark}*/ COPY {'signed' if n % 3 == 0 else 'log'} (id) FROM STDIN", ids=ids)
        if n % 2:
            client.query(piece)
        else:
            client.extended([piece], _run(piece.text), end=SYNC)

    def several(self, client: ModelledClient, n: int) -> None:
        """Several statements in one text."""
        one, two = self._write(n), self._write(n + 1)
        pieces = [
            [one, two],
            [_BEGIN, one, COMMIT],
            [_BEGIN, one, two],
            [one, _FAILS],
            [_BEGIN, one, _ROLLBACK],
            [one, COMMIT, two],
            [one, _ROLLBACK, two, _FAILS],
            [_SAVE, one, _BACK, two],
            [_READ, one, _READ],
            [_BEGIN, _SAVE, one, _RELEASE, two],
            [one, self._signed()],
            [COMMIT, _BEGIN, one],
        ][n % 12]
        self._loosen(pieces)
        client.query(*pieces)

    def _loosen(self, pieces: Sequence[Piece]) -> None:
        """An action has one ending: where its statements end differently, that can't tell of each."""
        ends = [p.does in ("commit", "rollback", "back") for p in pieces]
        if True in ends and any(not p.does for p in pieces[ends.index(True) :]):
            self.stage.loose.update(i for p in pieces for i in p.ids)
        self.stage.loose.update(_taken_back(pieces))

    def say(self, client: ModelledClient, n: int) -> None:
        client.query(_SAYS[n % len(_SAYS)])

    def begin(self, client: ModelledClient, n: int) -> None:
        client.query(_BEGIN)

    def commit(self, client: ModelledClient, n: int) -> None:
        client.query(COMMIT)

    def rollback(self, client: ModelledClient, n: int) -> None:
        client.query(_ROLLBACK)

    def savepoint(self, client: ModelledClient, n: int) -> None:
        self._inside(client, n)
        texts = [
            [_SAVE, self._write(n), _BACK],
            [_SAVE, self._write(n), _RELEASE],
            [_SAVE, self._write(n)],
            [Piece("SAVEPOINT t", "savepoint", "t"), _SAVE],
            [_BACK],
            [_RELEASE],
            [Piece("ROLLBACK TO t", "back", "t"), self._write(n)],
            [_SAVE, _FAILS, _BACK, self._write(n)],
        ][n % 8]
        for each in texts:
            client.query(each)

    def read(self, client: ModelledClient, n: int) -> None:
        client.query((_READ, _FAILS, Piece("SELECT id FROM people"), Piece("DROP TABLE log"))[n % 4])

    def fetch(self, client: ModelledClient, n: int) -> None:
        for review in client.reviews[-1:]:
            client.query(Piece(f"SELECT * FROM interlock.fetch('{review}')"))

    def named(self, client: ModelledClient, n: int) -> None:
        """SQL's PREPARE and EXECUTE."""
        at = next(self.stage.ids)
        client.query(
            (
                Piece("PREPARE q (int) AS INSERT INTO log VALUES ($1)"),
                Piece(f"EXECUTE q({at})", ids=(at,)),
                Piece("DEALLOCATE q"),
                Piece("PREPARE q (int) AS INSERT INTO signed VALUES ($1)"),
            )[n % 4]
        )

    def _inside(self, client: ModelledClient, n: int) -> None:
        if not client.block and n % 5:
            client.query(_BEGIN)

    def cursor(self, client: ModelledClient, n: int) -> None:
        self._inside(client, n)
        for each in _CURSORS[n % len(_CURSORS)]:
            client.query(_KNOWN.get(each, Piece(each)))

    def portal(self, client: ModelledClient, n: int) -> None:
        """A portal that is fetched in parts."""
        self._inside(client, n)
        name = b"p%d" % (n % 2)
        text = b"SELECT id, ssn FROM people"
        if n % 12 == 11:
            client.extended([], frontend.write_close(Target.PORTAL, name), end=SYNC)
            return
        start = frontend.write_parse(b"", text) + frontend.write_bind(frontend.Bind(name, b""))
        more = frontend.write_execute(name, 2 + n % 3)
        if n % 4:
            client.extended([Piece("portal")], start + more, end=FLUSH if n % 4 == 1 else SYNC)
        for _ in range(n % 3):
            client.extended([Piece("portal")], more, end=FLUSH if n % 5 == 1 else SYNC)

    def pipeline(self, client: ModelledClient, n: int) -> None:
        self.go_on(client, n)

    def go_on(self, client: ModelledClient, n: int) -> None:
        """A few statements, with a Flush, a Sync or nothing yet behind them."""
        one, two = self._write(n), self._write(n + 1)
        pieces: list[Piece] = [
            [],
            [one],
            [one, two],
            [_READ, one],
            [one, _FAILS, two],
            [_BEGIN, one],
            [one, COMMIT],
            [one, self._signed()],
            [_SAVE, one, _BACK],
            [one, Piece("DROP TABLE log")],
            [COMMIT, one],
            [_ROLLBACK],
        ][n % 12]
        end = (SYNC, SYNC, FLUSH, FLUSH, b"")[n % 5]
        if not pieces and end == FLUSH:
            end = SYNC
        client.collected += pieces
        self._loosen(client.collected)
        if end:
            client.collected = []
        client.extended(pieces, b"".join(_run(p.text) for p in pieces), end=end)


def _taken_back(pieces: Sequence[Piece]) -> set[int]:
    """What a ROLLBACK TO among these undoes while more of them stays, which the ending tells of."""
    levels: list[tuple[str, set[int]]] = [("", set())]
    undone: set[int] = set()
    for piece in pieces:
        at = next((n for n in range(len(levels) - 1, 0, -1) if levels[n][0] == piece.name), 0)
        match piece.does:
            case "savepoint":
                levels.append((piece.name, set()))
            case "release" if at:
                levels[at - 1 :] = [(levels[at - 1][0], {i for _, ids in levels[at - 1 :] for i in ids})]
            case "back":  # to one from before these where none of them has set it
                undone.update(i for _, ids in levels[at:] for i in ids)
                levels[at:] = [(piece.name if at else "", set())]
            case "commit" | "rollback":
                levels = [("", set())]
            case _:
                levels[-1][1].update(piece.ids)
    return undone if undone != {i for p in pieces for i in p.ids} else set()


def _run(text: str) -> bytes:
    bind = frontend.Bind(b"", b"")
    return frontend.write_parse(b"", text.encode()) + frontend.write_bind(bind) + frontend.write_execute(b"")


_BEGIN, COMMIT, _ROLLBACK = Piece("BEGIN", "begin"), Piece("COMMIT", "commit"), Piece("ROLLBACK", "rollback")
_SAVE, _RELEASE = Piece("SAVEPOINT s", "savepoint", "s"), Piece("RELEASE s", "release", "s")
_BACK = Piece("ROLLBACK TO s", "back", "s")
_READ, _FAILS = Piece("SELECT id, ssn FROM people"), Piece("SELECT 1 / (id - id) FROM people")
_SAYS = [
    Piece(text)
    for text in (
        "SET interlock.wait = 'deferred'",
        "SET interlock.wait = 'attached'",
        "SHOW interlock.why",
        "LISTEN news",
        "UNLISTEN news",
        "NOTIFY news, 'all well'",
        "SET statement_timeout = '100ms'",
        "SET statement_timeout = 0",
        "SHOW TimeZone",
        "DISCARD ALL",
    )
]
_KNOWN = {
    each.text: each for each in (COMMIT, Piece("SAVEPOINT t", "savepoint", "t"), Piece("ROLLBACK TO t", "back", "t"))
}
_DECLARE, _HOLD = (f"DECLARE {name} FOR SELECT id, ssn FROM people" for name in ("c CURSOR", "h CURSOR WITH HOLD"))
_CURSORS = (
    (_DECLARE, "FETCH 2 FROM c"),
    (_DECLARE, "MOVE 1 FROM c", "FETCH 2 FROM c", "CLOSE c"),
    (_HOLD, "FETCH 2 FROM h", "COMMIT", "FETCH 3 FROM h"),
    ("FETCH 3 FROM h", "CLOSE h"),
    ("FETCH 3 FROM c",),
    ("CLOSE ALL",),
    (_HOLD,),
    (_DECLARE, "SAVEPOINT t", _HOLD.replace("h ", "k "), "ROLLBACK TO t", "FETCH 1 FROM c"),
)
ASKED: dict[str, Callable[[Asking, ModelledClient, int], None]] = {
    each.__name__: each
    for each in (
        Asking.write, Asking.sign_for, Asking.keyed, Asking.copy_in, Asking.several, Asking.say, Asking.begin,
        Asking.commit, Asking.rollback, Asking.savepoint, Asking.read, Asking.fetch, Asking.named,
        Asking.cursor, Asking.portal, Asking.pipeline,
    )
}  # fmt: skip
