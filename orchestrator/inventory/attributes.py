"""What a person may have put right: one attribute of theirs, wherever it stands."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Attribute:
    """`kind`: it is an identifier of that kind, by which the person is found. `joins`: the attributes that make
    it, with a space between. `compare`: what makes two of its values equal, beside spaces: "exact", "case" or
    "digits". `date`: it is a day, written YYYY-MM-DD."""

    name: str
    title: str
    kind: str = ""
    joins: tuple[str, ...] = ()
    compare: str = "exact"
    date: bool = False

    def normal(self, value: str) -> str:
        """The value as it is compared; of an identifier the inventory's own normalisation comes before."""
        text = " ".join(unicodedata.normalize("NFKC", value).split())
        if self.compare == "digits":
            return "".join(c for c in text if c.isdigit())
        return text.lower() if self.compare == "case" else text

    def unfit(self, value: str) -> str:
        """Why the value cannot be this attribute's; nothing if it can. Without the value."""
        if not self.normal(value):
            return f"the {self.name} is empty"
        if self.date:
            try:
                date.fromisoformat(value)
            except ValueError:
                return f"the {self.name} is a day: YYYY-MM-DD"
        return ""
