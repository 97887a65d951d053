"""Log lines of the Papertrail fake: how they are searched, and how each API writes them.

The query language: quoted or bare phrases, AND by default, OR, minus. As the vendor's, it ignores
case and finds a phrase inside words; there are no wildcards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

_ZONE = timezone(timedelta(hours=-8))  # of the member whose token it is: times come back in it
_TOKEN = re.compile(r"""(-?)(?:"([^"]*)"|'([^']*)'|(\S+))""")


@dataclass(frozen=True)
class Line:
    """One stored log line."""

    id: int
    at: datetime
    sender: str
    program: str
    message: str


def matches(query: str, line: Line) -> bool:
    """Whether a line is found by the query; an empty query finds all."""
    text = f"{line.message}\n{line.sender}\n{line.program}".casefold()
    alternatives: list[list[bool]] = [[]]
    for minus, double, single, bare in _TOKEN.findall(query):
        if bare == "OR":
            alternatives.append([])
        elif bare != "AND":
            found = (double or single or bare).casefold() in text
            alternatives[-1].append(found != bool(minus))
    return any(all(terms) for terms in alternatives)


def as_event(line: Line, number: int | str | None) -> dict[str, Any]:
    """An event of Papertrail's search."""
    at = line.at.astimezone(_ZONE).isoformat(timespec="seconds")
    return {
        "id": number,
        "generated_at": at,
        "received_at": at,
        "display_received_at": at,
        "source_name": line.sender,
        "hostname": line.sender,
        "source_id": 3000,
        "source_ip": "192.0.2.1",
        "facility": "User",
        "severity": "Info",
        "program": line.program or None,
        "message": line.message,
    }


def as_tsv(line: Line, escaped: bool) -> str:
    """A line of Papertrail's archive."""
    at = line.at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S %z")
    message = line.message.replace("\t", "\\t").replace("\n", "\\n") if escaped else line.message
    columns = (str(line.id), at, at, "3000", line.sender, "192.0.2.1", "User", "Info", line.program, message)
    return "\t".join(columns) + "\n"


def as_json(line: Line) -> dict[str, Any]:
    """A log of SolarWinds Observability."""
    at = line.at.isoformat().replace("+00:00", "Z")
    names = {"hostname": line.sender, "severity": "INFO", "program": line.program}
    return {"id": str(line.id), "time": at, "message": line.message, **names}
