"""Logical backups, one by one: whose each is, how it stands, its file, and the one call that deletes it.

Paths are those of the command line (https://github.com/heroku/cli/tree/main/src/commands/pg/backups). It deletes by
number; a second deletion of the same has been seen to end in a 500 (https://github.com/heroku/cli/issues/1450), and
what the listing then shows is not documented: so a deletion looks first, and is believed only by what a reading shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors.backups import Backup, Kind, State
from connectors.errors import RefusedError
from connectors.heroku import instructions as say
from connectors.heroku.api import HerokuApi, instant
from connectors.heroku.estate import SCHEDULED, App, Database, Estate, Tier, host_and_path
from connectors.heroku.settings import Settings
from connectors.http import HttpClient
from connectors.isolation import is_loopback
from connectors.model import SystemSpec

_LARGEST = 1 << 40  # bytes of a dump; what is larger is a fault, not a backup
_NONE = timedelta(0)
_NEVER_SAID = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Logical:
    """The backups of one account."""

    spec: SystemSpec
    api: HerokuApi
    settings: Settings

    def listed(self, estate: Estate) -> tuple[Backup, ...]:
        """All whose file is not shown as gone, oldest first."""
        found = [
            self._backup(app, transfer, estate)
            for app in estate.apps
            for transfer in self.api.transfers(app.name)
            if is_logical(transfer) and _state(transfer) is not State.PURGED
        ]
        return tuple(sorted(found, key=lambda b: (b.made, b.title)))

    def _backup(self, app: App, transfer: dict[str, Any], estate: Estate) -> Backup:
        """Whose it is, its source's address tells: names of attachments move from one database to another."""
        address = host_and_path(str(transfer.get("from_url") or ""))
        database = next((d for d in estate.databases if address and d.address == address), None)
        scheduled, made = is_scheduled(transfer), instant(transfer.get("created_at"))
        by_plan = SCHEDULED.get(database.tier, _NONE) if database else _NONE
        kept, size = max(timedelta(days=self.settings.scheduled_days), by_plan), transfer.get("processed_bytes")
        return Backup(
            id=str(transfer.get("uuid") or ""),
            place=app.name,
            name=_name(transfer),
            database=database.name if database else "",
            kind=Kind.SCHEDULED if scheduled else Kind.MANUAL,
            state=_state(transfer),
            made=made or _NEVER_SAID,
            finished=instant(transfer.get("finished_at")),
            bytes=size if isinstance(size, int) else None,
            until=made + kept if made and scheduled and kept else None,
            obstacle=self._obstacle(app, transfer, estate, database),
        )

    def _obstacle(self, app: App, transfer: dict[str, Any], estate: Estate, database: Database | None) -> str:
        if database is None:
            uncovered = [d for d in estate.of(app) if d.tier is Tier.UNCOVERED]
            named = {name.casefold() for d in uncovered for name in (*d.names, d.name)}
            return say.NOT_COVERED if str(transfer.get("from_name")).casefold() in named else say.WHOSE
        if database.tier is Tier.UNCOVERED:
            return say.NOT_COVERED
        if database.name not in self.settings.databases:
            return say.NOT_SEARCHED
        said = transfer.get("uuid") and isinstance(transfer.get("num"), int) and instant(transfer.get("created_at"))
        return "" if said else say.UNDATED

    def download(self, backup: Backup) -> Iterator[bytes]:
        """The file, from the address that the vendor signs for an hour. The account's token does not go there."""
        url = self.api.public_url(backup.place, self._number(backup, self._entries(backup)))
        parts = urlsplit(url)
        if not is_loopback(url) and (parts.scheme != "https" or self.spec.sandbox):
            raise RefusedError(self.spec.system, "the address of the backup's file is not one to ask for it")
        headers = {"Accept-Encoding": "identity"}  # the bytes as they are kept: they are hashed
        client = HttpClient(self.spec.system, f"{parts.scheme}://{parts.netloc}", headers, self.settings.timeout)
        return client.stream(url, doing="downloading a backup", limit=_LARGEST)

    def standing(self, backup: Backup) -> State:
        """What the listing and the entry say; of two answers the one that shows more of it."""
        return _standing(self._entries(backup))

    def remove(self, backup: Backup) -> State:
        """The one call of this connector that deletes anything."""
        entries = self._entries(backup)
        state = _standing(entries)
        if state is State.RUNNING or backup.obstacle:
            raise RefusedError(self.spec.system, backup.obstacle or "the backup is still being made")
        if not state.there:
            return state
        number = self._number(backup, entries)
        self.spec.gate(backup.collection)
        self.api.delete_transfer(backup.place, number)
        return self.standing(backup)

    def _entries(self, backup: Backup) -> list[dict[str, Any]]:
        """Where it stands: in the listing, and by itself, for a listing may leave out what is deleted."""
        listed = [t for t in self.api.transfers(backup.place) if t.get("uuid") == backup.id]
        alone = self.api.transfer(backup.place, backup.id)
        return [*listed, alone] if alone and alone.get("uuid") == backup.id else listed

    def _number(self, backup: Backup, entries: list[dict[str, Any]]) -> str:
        """By which calls name it. All entries agree, and it is a logical backup still."""
        numbers = {str(t.get("num")) for t in entries if is_logical(t) and isinstance(t.get("num"), int)}
        if len(numbers) != 1:
            raise RefusedError(self.spec.system, "the backup is not there any more, or is not the one it was")
        return numbers.pop()


def is_logical(transfer: dict[str, Any]) -> bool:
    """A dump in the vendor's store, and neither a copy between databases nor a restore."""
    return transfer.get("from_type") == "pg_dump" and transfer.get("to_type") == "gof3r"


def is_scheduled(transfer: dict[str, Any]) -> bool:
    """Those of the old service, named by hand, have no schedule and no end."""
    return bool(transfer.get("schedule")) and not _old_name(transfer)


def _old_name(transfer: dict[str, Any]) -> str:
    return str((transfer.get("options") or {}).get("pgbackups_name") or "")


def _name(transfer: dict[str, Any]) -> str:
    """As the command line prints it: "b008" by hand, "a009" by a schedule, "ob001" of the old service."""
    if old := _old_name(transfer):
        return f"o{old}"
    return f"{'a' if transfer.get('schedule') else 'b'}{transfer.get('num') or 0:03}"


def _state(transfer: dict[str, Any]) -> State:
    if transfer.get("purged_at"):
        return State.PURGED
    if transfer.get("deleted_at"):
        return State.DELETED
    if transfer.get("succeeded") and transfer.get("finished_at"):
        return State.FINISHED
    return State.FAILED if transfer.get("finished_at") or transfer.get("canceled_at") else State.RUNNING


def _standing(entries: list[dict[str, Any]]) -> State:
    order = (State.RUNNING, State.FINISHED, State.FAILED, State.DELETED, State.PURGED)
    return min(map(_state, entries), key=order.index, default=State.UNLISTED)
