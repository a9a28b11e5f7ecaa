"""The rules: policies and catalogs, pinned as one; from files, from the ledger, or as somebody proposes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interlock.errors import Mistakes
from interlock.ledger.authority import Authority
from interlock.ledger.texts import sources
from interlock.model.names import ConnectionName, Digest
from interlock.model.settings import Settings
from interlock.rulebook import Loaded, check_size, loaded
from interlock.sensitivity.catalog import Catalog
from interlock.settings.sources import bundle_of, load_texts, policies_digest

FILES_DIFFER: Final = "the policy files differ from those in force; `interlock policy propose` asks for them"


@dataclass(frozen=True, slots=True)
class RulesOf:
    """Makes rules of a bundle's sources, with the settings and catalogs of this start. `adoption.Loader`."""

    settings: Settings
    catalogs: Mapping[ConnectionName, Catalog]

    def load(self, sources: Mapping[str, str]) -> Loaded:
        """Checks them; raises `PolicyMistakes` with all mistakes."""
        check_size(sources)
        digests: dict[str, str] = {name: catalog.digest for name, catalog in self.catalogs.items()}
        return loaded(bundle_of(self.settings, sources), sources, digests)

    def digest(self, sources: Mapping[str, str]) -> Digest:
        """The digest of the policies that they make, unchecked."""
        return policies_digest(sources)

    def from_files(self) -> Loaded | Mistakes:
        """The policies as their files are, or what is wrong with them."""
        try:
            return self.load(load_texts(self.settings))
        except Mistakes as found:
            return found

    def to_start_on(self, files: Loaded | Mistakes, authority: Authority) -> Loaded:
        """The bundle in force, by its text in the ledger; the files where there is none. Raises `Mistakes`.

        Files that differ are a draft, mistakes and all: they take effect through a review. The catalogs are pinned
        with the policies, and where those differ this isn't the bundle in force, which the caller must see.
        """
        in_force = authority.bundle
        texts = authority.texts(in_force) if in_force is not None else None
        if texts is None or (isinstance(files, Loaded) and files.rules == in_force):
            return checked(files)
        return self.load(sources(texts))


def files_differ(files: Loaded | Mistakes, rules: Loaded) -> bool:
    """Whether the files are other than the rules: a draft."""
    return not isinstance(files, Loaded) or files.rules != rules.rules


def checked(files: Loaded | Mistakes) -> Loaded:
    """The rules; raises the mistakes if that is what there is."""
    if isinstance(files, Mistakes):
        raise type(files)(files.mistakes)
    return files
