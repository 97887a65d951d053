"""The head of a dump, which says what versions made it: an older pg_restore cannot read what a newer pg_dump wrote.

Source: https://github.com/postgres/postgres/blob/master/src/bin/pg_dump/pg_backup_archiver.c, ReadHead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Head:
    """Which versions made a dump: that of the server, and that of pg_dump."""

    server: str
    program: str


def major(version: str) -> int:
    """Of "18.4 (Debian 18.4-1)": 18; 0 of what is no version."""
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def read_head(system: str, start: bytes) -> Head:
    """The versions in the head of a dump in pg_dump's custom format. RefusedError for anything else."""
    try:
        if start[:5] != b"PGDMP" or start[10] != 1:
            raise ValueError
        number, at = start[8], 11  # bytes of an integer, after its sign
        at += 1 if start[5:7] >= b"\x01\x0f" else 1 + number  # how it is compressed
        at += 7 * (1 + number)  # when it was made
        texts = []
        for _ in range(3):  # the database's name, the server's version, the program's
            length, at = int.from_bytes(start[at + 1 : at + 1 + number], "little"), at + 1 + number
            texts.append(start[at : at + length].decode())
            at += length
        if at > len(start) or not major(texts[2]):
            raise ValueError
        return Head(texts[1], texts[2])
    except (IndexError, ValueError):
        raise RefusedError(system, "what was downloaded is no dump in pg_dump's custom format") from None
