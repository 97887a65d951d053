"""Whose names are known: the person's own, which stay, and those of others, which go.

Own names come from what is held once for a person and from their own addresses; others' from the lines of mails and
from the fields of which the inventory says that they name somebody else. A word of both is the person's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from orchestrator.package.lexicon import Word, kind
from orchestrator.package.words import WORDS, Token, tokens

_LEAST = 3  # letters of a word that is looked for by itself
_TURNED = re.compile(r"([^,@]+),\s*([^,@]+)")  # Lee, Ann
_AFTER = re.compile(r"(?:ph\.?d|m\.?d|jr|sr|esq|mba|cpa|i{2,3}|inc|llc|ltd|gmbh)\.?\Z", re.IGNORECASE)
_ENDS = re.compile(r"[,(\[|/].*\Z|\s(?:via|from|at|on behalf of)\s.*\Z", re.IGNORECASE | re.DOTALL)
_LOCAL = re.compile(r"([^\W\d_]{2,})[._-]([^\W\d_]{2,})(?:[._-]([^\W\d_]{2,}))?\d{0,4}\Z")
Name = tuple[str, ...]


class OwnNames:
    """Every word of the person's own names."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.unspaced: set[str] = set()  # names in scripts without capitals, as they are written

    def __contains__(self, word: str) -> bool:
        """Whether a word is theirs; one with hyphens if each part is."""
        return word in self.words or ("-" in word and all(part in self.words for part in word.split("-")))

    def learn(self, name: str) -> None:
        """A name of theirs, whole or in part."""
        whole = {t.plain for t in tokens(name) if not t.initial}
        self.words |= whole | {part for word in whole for part in word.split("-") if len(part) > 1}
        if _uncased(name):
            self.unspaced.add(name.strip())

    def learn_address(self, address: str) -> None:
        """What an address of theirs says: ann.lee@ is Ann Lee."""
        if said := said_by(address):
            self.words |= set(said)

    def also(self, name: str) -> None:
        """What a mail calls them beside their address: theirs if it agrees with what is known, or nothing is."""
        said = {t.plain for t in tokens(name) if not t.initial}
        if not self.words or said & self.words:
            self.words |= said

    def theirs(self, found: Sequence[Token]) -> bool:
        """Whether these words can be this person's name: their own words and initials, and names in the middle."""
        whole = [t for t in found if not t.initial]
        if len(whole) > 2 and whole[0].plain != whole[-1].plain and whole[0].plain in self and whole[-1].plain in self:
            return True
        if not whole or any(t.plain not in self for t in whole):
            return False
        return len(whole) > 1 or all(self._initial(t.plain, whole) for t in found if t.initial)

    def _initial(self, letter: str, whole: Sequence[Token]) -> bool:
        return any(word.startswith(letter) for word in self.words if word not in {t.plain for t in whole})


class OtherNames:
    """Names of other people: sought whole, turned round, with initials, and by each of their words."""

    def __init__(self, own: OwnNames) -> None:
        self._own = own
        self.words: set[str] = set()
        self.unspaced: set[str] = set()
        self.by_first: dict[str, set[Name]] = {}
        self.by_last: dict[str, set[Name]] = {}

    def learn(self, name: str) -> None:
        """A name as a line of a mail or a field gives it; a role or a company ("Customer Support") is none."""
        name = name.strip().strip("'\"")
        if _uncased(name):
            if name not in self._own.unspaced:
                self.unspaced.add(name)
            return
        turned = _TURNED.fullmatch(name)
        parts = (turned[2], turned[1]) if turned and not _AFTER.search(turned[2]) else (_ENDS.sub("", name),)
        words = tuple(t.plain for part in parts for t in tokens(part))
        self.add(words)

    def learn_address(self, address: str) -> None:
        """What somebody's address says, if its first word is a first name."""
        said = said_by(address)
        if said and kind(said[0]) in (Word.GIVEN, Word.EITHER):
            self.add(said)

    def add(self, words: Name) -> None:
        """A name by its words."""
        whole = [w for w in words if len(w) > 1]
        if not whole or all(w in self._own for w in whole) or all(kind(w) is Word.ORDINARY for w in whole):
            return
        self.by_first.setdefault(words[0], set()).add(words)
        self.by_last.setdefault(words[-1], set()).add(words)
        self.words |= {w for w in whole if len(w) >= _LEAST or kind(w) is Word.GIVEN or w == words[-1]}


def said_by(address: str) -> Name:
    """The words of a name that an address is made of; empty if it is made of none."""
    found = _LOCAL.match(address.partition("@")[0].partition("+")[0].strip().lower())
    words = tuple(t.plain for part in found.groups() if part for t in tokens(part)) if found else ()
    return () if words and all(kind(w) is Word.ORDINARY for w in words) else words


def of_row(row: object, fields: Iterable[str]) -> list[str]:
    """The texts of some fields of a row, of which each is named by the way to it: "billing_details.name"."""
    found: list[str] = []
    for name in fields:
        value = row.get(name) if isinstance(row, dict) else None
        if value is None:
            value = row
            for step in name.split("."):
                value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            found.append(value)
    return found


def _uncased(name: str) -> bool:
    """Whether a name is of a script without capitals: its words are not told apart by spaces."""
    letters = [c for c in name if c.isalpha()]
    return len(letters) > 1 and all(c.lower() == c.upper() for c in letters) and bool(WORDS.search(name))
