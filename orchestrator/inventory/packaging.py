"""What a package does with words that may be somebody else's name."""

from __future__ import annotations

from typing import Literal

from orchestrator.inventory.words import Entry


class Packaging(Entry):
    """`doubtful_names`: two capitalised words that no list knows are blacked out; or what they stand in is held for
    a person as well; or they stay. What is surely somebody's name is blacked out in any case."""

    doubtful_names: Literal["black_out", "hold", "leave"] = "black_out"
