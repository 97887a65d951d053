"""The account's own objects in which a person may be named: saved searches, senders, members.

Source: https://documentation.solarwinds.com/en/success_center/papertrail/content/kb/how-it-works/settings-api.htm
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.errors import ChangedError
from connectors.http import HttpClient
from connectors.model import (
    Artifact,
    CollectionSpec,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.papertrail.events import LogSource
from connectors.papertrail.settings import MEMBERS, SEARCHES, SENDERS
from connectors.traces import Traces, is_email

SHARED = "shared"
PATHS = {SEARCHES: "searches.json", SENDERS: "systems.json", MEMBERS: "users.json"}
_TEXTS = {SEARCHES: ("name", "query"), SENDERS: ("name", "hostname"), MEMBERS: ("email",)}
_BY_HAND = {
    SENDERS: "the sender's name holds the person: an administrator renames it under Settings, Senders",
    MEMBERS: "the person is a member of the account: an owner removes them under Settings, Members",
}
_NAMES_OTHERS = "the saved search names other people too: rewrite it by hand"


class AccountObjects:
    """Finds, exports and, where that harms nobody, deletes objects of the settings API."""

    def __init__(
        self, spec: SystemSpec, http: HttpClient, source: LogSource, collections: Mapping[str, CollectionSpec]
    ) -> None:
        self._spec = spec
        self._http = http
        self._source = source
        self._collections = collections

    def locate(self, subject: Subject) -> Iterator[Record]:
        for name in PATHS:
            mine, shared = self._found(subject, name)
            at = Locator(self._spec.system, name)
            if mine and name == SEARCHES:
                yield Record(at, len(mine), note="its alerts stop with it")
            elif mine:
                yield Record(at, len(mine), obstacles=(Obstacle(ObstacleKind.BY_HAND, _BY_HAND[name]),))
            if shared:
                obstacle = Obstacle(ObstacleKind.SHARED, _NAMES_OTHERS)
                yield Record(Locator(self._spec.system, name, SHARED), len(shared), obstacles=(obstacle,))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        mine, shared = self._found(subject, at.collection)
        rows = shared if at.key == SHARED else mine
        spec = self._collections[at.collection]
        traces = self._traces(subject, spec)
        shown = spec.disclosed
        withheld = spec.withheld(n for row in rows for n in row if row[n] not in (None, ""))
        chunks = (
            json.dumps({n: _masked(row[n], traces) for n in shown if n in row}, default=str).encode() + b"\n"
            for row in rows
        )
        yield Artifact(f"{at.collection}.jsonl", "application/jsonl", chunks, withheld)

    def delete(self, subject: Subject, order: Order) -> Outcome:
        """Delete saved searches that name nobody else, and read back that they are gone."""
        mine, shared = self._found(subject, order.at.collection)
        rows = shared if order.at.key == SHARED else mine
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        if order.at.collection != SEARCHES or order.at.key == SHARED:
            reason = _NAMES_OTHERS if order.at.key == SHARED else _BY_HAND[order.at.collection]
            return Outcome(order.at, Status.MANUAL, len(rows), reason=reason)
        if len(rows) > order.count + order.late:
            raise ChangedError(self._spec.system, f"{SEARCHES}: {len(rows)} found, the plan has {order.count}")
        for row in rows:
            path = f"searches/{quote(str(row['id']), safe='')}.json"
            self._spec.gate(SEARCHES)
            self._http.request("DELETE", path, doing="deleting a saved search", accept=(200, 202, 204, 404))
        gone = {str(row["id"]) for row in rows}
        left = sum(str(row.get("id")) in gone for row in self._source.objects(PATHS[SEARCHES]))
        if left:
            return Outcome(order.at, Status.FAILED, len(rows) - left, reason="the vendor said yes and still lists it")
        return Outcome(order.at, Status.DONE, len(rows))

    def _found(self, subject: Subject, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What bears the person, and of saved searches what bears other people as well."""
        spec = self._collections[name]
        traces = self._traces(subject, spec)
        if not traces:
            return [], []
        mine: list[dict[str, Any]] = []
        shared: list[dict[str, Any]] = []
        for row in self._source.objects(PATHS[name]):
            texts = [str(row.get(n) or "") for n in _TEXTS[name]]
            if traces.in_line(*texts):
                others = name == SEARCHES and any(traces.others_named(text) for text in texts)
                (shared if others else mine).append(row)
        return mine, shared

    def _traces(self, subject: Subject, spec: CollectionSpec) -> Traces:
        """A member is known by address only."""
        proofs = [i for i in spec.identities if i.match and i.trust is not Trust.CLAIMED]
        return Traces(subject, [i for i in proofs if spec.name != MEMBERS or is_email(i.kind)])


def _masked(value: object, traces: Traces) -> object:
    return traces.without_others(value) if isinstance(value, str) else value
