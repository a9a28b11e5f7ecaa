"""One table of a TOML file as it is read: what is asked for is valid, what is left over is a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from interlock.model.secret import Secret
from interlock.policy.spelling import nearest


class Table:
    """Reads one table and notes every mistake in `mistakes`, which all tables of a file share.

    After a mistake a reader gives an empty value, so that the rest can still be checked; nobody may use the result of
    a file with mistakes. `base` is the directory that relative paths start from, `environ` holds what `env:` names.
    """

    def __init__(
        self, file: str, name: str, raw: object, mistakes: list[str], base: Path, environ: Mapping[str, str]
    ) -> None:
        self.name = name
        self._file, self._mistakes, self._base, self._environ = file, mistakes, base, environ
        self._asked: list[str] = []
        self._raw: Mapping[str, object] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self._mistakes.append(f"{file}: [{name}]: this must be a table")

    def wrong(self, key: str, sentence: str) -> None:
        """Notes a mistake at a key of this table."""
        where = f"[{self.name}] {key}" if self.name else f"[{key}]"
        self._mistakes.append(f"{self._file}: {where}: {sentence}")

    def has(self, key: str) -> bool:
        """Whether there is such a key; that doesn't make it a valid one."""
        self._asked.append(key)
        return key in self._raw

    def names(self) -> tuple[str, ...]:
        """Every key there is, valid or not."""
        return tuple(self._raw)

    def text(self, key: str, default: str | None = None) -> str:
        """A string that isn't empty; required unless there is a default."""
        value = self._take(key, default)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        if value is not None:
            self.wrong(key, "this must be a string that isn't empty")
        return ""

    def optional(self, key: str) -> str | None:
        """As `text`, or None when the key is absent."""
        if key in self._raw:
            return self.text(key)
        self._asked.append(key)
        return None

    def one_of(self, key: str, valid: Collection[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value and value not in valid:
            self.wrong(key, f'"{value}" isn\'t one of {", ".join(sorted(valid))}{nearest(value, valid)}')
        return value

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._take(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.wrong(key, f"this must be a whole number from {least} to {most}")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, "this must be true or false")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of different strings, empty when absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() and v.isprintable() for v in value):
            self.wrong(key, "this must be an array of strings")
            return ()
        if len(set(value)) != len(value):
            self.wrong(key, "something stands in this array twice")
        return tuple(value)

    def path(self, key: str, default: str) -> Path:
        """A path, taken from the settings file's directory; nothing needs to be there yet."""
        return self._base / self.text(key, default)

    def file(self, key: str) -> Path | None:
        """The path of a file that must be there, or None when the key is absent."""
        value = self.optional(key)
        if value is None:
            return None
        if value and not (self._base / value).is_file():
            self.wrong(key, f"there is no file {value}")
        return self._base / value

    def files(self, key: str) -> tuple[Path, ...]:
        """An array of paths to files that must be there."""
        values = self.texts(key)
        for value in values:
            if not (self._base / value).is_file():
                self.wrong(key, f"there is no file {value}")
        return tuple(self._base / value for value in values)

    def secret(self, key: str) -> Secret[str]:
        """`env:NAME` or `file:PATH`, resolved; a secret written out is a mistake. A file's last line end is dropped."""
        value = self._take(key, None)
        kind, _, place = value.partition(":") if isinstance(value, str) else ("", "", "")
        found: str | None = None
        if value is None:
            pass
        elif kind == "env" and place:
            found = self._environ.get(place)
            if not found:
                self.wrong(key, f"the environment variable {place} isn't set")
        elif kind == "file" and place:
            found = self._secret_file(key, place)
        else:
            self.wrong(key, "write env:NAME or file:PATH; the secret itself doesn't belong in this file")
        return Secret(found or "")

    def table(self, key: str) -> Table:
        """The table under a key; an absent one is empty."""
        value = self._take(key, {})
        return Table(self._file, self._under(key), value, self._mistakes, self._base, self._environ)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The tables under a table, by name (`[people.dana]`)."""
        outer = self.table(key)
        for name in outer._raw:
            yield name, outer.table(name)

    def each(self, key: str) -> Iterator[Table]:
        """The tables of an array of tables (`[[agents.etl.jwt]]`), none when absent."""
        value = self._take(key, [])
        if not isinstance(value, list):
            self.wrong(key, "this must be an array of tables")
            return
        for number, raw in enumerate(value, 1):
            name = f"{self._under(key)}.{number}"
            yield Table(self._file, name, raw, self._mistakes, self._base, self._environ)

    def done(self) -> None:
        """Notes each key that nobody asked for, with the nearest that somebody did."""
        for key in self._raw:
            if key not in self._asked:
                self.wrong(key, f"there is no such {'key' if self.name else 'table'}{nearest(key, self._asked)}")

    def _take(self, key: str, default: object) -> object:
        """The value, or the default; None, with a mistake noted, when there is neither."""
        self._asked.append(key)
        if key in self._raw:
            return self._raw[key]
        if default is None:
            self.wrong(key, "this is missing")
        return default

    def _secret_file(self, key: str, place: str) -> str | None:
        try:
            text = (self._base / place).read_text(encoding="utf-8")
        except (OSError, ValueError):
            self.wrong(key, f"the file {place} can't be read")
            return None
        if not text.rstrip("\r\n"):
            self.wrong(key, f"the file {place} is empty")
        return text.rstrip("\r\n")

    def _under(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key
