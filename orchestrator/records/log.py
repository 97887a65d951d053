"""One request in the fields of the log that the law asks for, and no others. Pure.

11 CCR 7101(b): date of request, nature of request, manner in which it was made, date of the response, nature of
the response, basis for the denial if denied in whole or in part. 4 CCR 904-3, rule 6.11 (Colorado) adds the appeal
and its result. The request's id is the ticket's number. Who asked is in none of them.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from connectors.model import Action
from orchestrator.model import Request, Right, Role
from orchestrator.receipt import Fulfilment, Standing

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate


class Response(StrEnum):
    """The nature of the response."""

    COMPLIED = "complied with"
    NOTHING_HELD = "complied with: nothing was held"
    IN_PART = "complied with in part"
    DENIED = "denied"
    WITHDRAWN = "withdrawn or stopped"
    ANSWERED = "answered"  # and no receipt says what was done
    OPEN = ""


_OUTCOMES = {
    Fulfilment.COMPLETE: Response.COMPLIED,
    Fulfilment.COMPLETE_WITH_RETENTION: Response.IN_PART,
    Fulfilment.ACCEPTED_PENDING: Response.IN_PART,
    Fulfilment.OPEN: Response.IN_PART,
    Fulfilment.NOTHING_FOUND: Response.NOTHING_HELD,
    Fulfilment.NOTHING_FOUND_IN_SEARCHED: Response.NOTHING_HELD,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the journal says of a response, in local dates."""

    answered: date | None = None
    denied: date | None = None
    because: str = ""  # the code of a denial as a whole
    cancelled: date | None = None
    receipt: Mapping[str, Any] | None = None  # the payload of the last one
    appealed: date | None = None
    appeal: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the log."""

    request: str
    received: date
    right: Right
    manner: str
    responded: date | None
    response: Response
    basis: str  # of a denial in whole or in part
    appealed: date | None = None
    appeal: str = ""  # its result

    @property
    def days(self) -> int | None:
        """Calendar days from receipt to a substantive response: a withdrawal has none."""
        given = self.responded if self.response is not Response.WITHDRAWN else None
        return (given - self.received).days if given else None


def logged(request: Request, received: date, told: Told) -> Logged:
    """The line of one request."""
    responded, response, basis = _response(told)
    return Logged(
        request.id, received, request.right, request.channel, responded, response, basis, told.appealed, told.appeal
    )  # fmt: skip


def _response(told: Told) -> tuple[date | None, Response, str]:
    if told.denied:
        return told.denied, Response.DENIED, told.because
    if told.answered:
        if told.receipt is None:
            return told.answered, Response.ANSWERED, ""
        response, basis = _OUTCOMES[Fulfilment(told.receipt["outcome"])], _basis(told.receipt)
        return told.answered, Response.IN_PART if basis and response is Response.COMPLIED else response, basis
    return told.cancelled, Response.WITHDRAWN if told.cancelled else Response.OPEN, ""


def _basis(receipt: Mapping[str, Any]) -> str:
    """Why a part was not done, each once: exceptions with their citation, what an organisation decides about, and
    what was contested and stays. The same make a letter one of a denial in part."""
    found = [
        f"{kept['exception'] or kept['basis']} ({kept['citation']})" if kept["citation"] else kept["basis"]
        for kept in receipt["retained"]
    ]
    for step in receipt.get("steps", ()):
        if step["role"] == Role.SERVICE_PROVIDER and step["action"] == Action.MANUAL:
            found.append("service_provider (11 CCR 7050)" if receipt.get("regime") == "ccpa" else "service_provider")
        elif step["standing"] == Standing.UNCORRECTED:
            found.append("left as it is (11 CCR 7023)" if receipt.get("regime") == "ccpa" else "left as it is")
    return "; ".join(dict.fromkeys(found))


def payload_of(envelope: str) -> Mapping[str, Any]:
    """What a receipt in the journal says; the chain holds it, its signature is not looked at."""
    found: Mapping[str, Any] = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
    return found


def columns(rows: Iterable[Logged]) -> tuple[str, ...]:
    """The fields to be shown: appeals only where there was one."""
    names = tuple(f.name for f in fields(Logged))
    return names if any(row.appealed for row in rows) else names[:-2]


def csv_of(rows: Sequence[Logged]) -> str:
    """The log as CSV (RFC 4180), with a heading; no cell is one that a spreadsheet would calculate."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = columns(rows)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
