"""People who work on the apps, and config vars that name somebody: searched by address.

The rest of an account holds everybody or nobody; these hold one person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.heroku import instructions as say
from connectors.heroku.api import HerokuApi, instant
from connectors.heroku.estate import App
from connectors.heroku.places import Place
from connectors.heroku.settings import Settings
from connectors.model import CollectionSpec, Obstacle, ObstacleKind, Subject


@dataclass(frozen=True, slots=True)
class Account:
    """The account as far as it names people. `addresses` are the person's, proven or assigned."""

    api: HerokuApi
    settings: Settings
    apps: Sequence[App]

    def places(self, subject: Subject) -> Iterator[Place]:
        for name in self.settings.searched:
            for key, rows in self.rows(subject, name):
                made = sorted(at for row in rows if (at := instant(row.get("created_at"))) is not None)
                span = (made[0], made[-1]) if made else (None, None)
                # Earlier releases keep their config vars, whatever is done about the current ones.
                obstacle = Obstacle(ObstacleKind.BY_HAND, _INSTRUCTIONS[name], opaque=name == "config_vars")
                yield Place(name, key, len(rows), obstacle, *span)

    def rows(self, subject: Subject, collection: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """(app or team, what there names the person)."""
        addresses = {v.casefold() for kind in sorted(self.settings.kinds) for v in subject.values(kind)}
        if not addresses:
            return
        if collection == "team_members":
            for team in self.settings.teams:
                members = self.api.listed(f"teams/{team}/members", "listing team members")
                yield from _some(team, [m for m in members if _address(m) in addresses])
            return
        for app in self.apps:
            if collection == "collaborators":
                people = self.api.listed(f"apps/{app.name}/collaborators", "listing collaborators")
                yield from _some(app.name, [p for p in people if _address(p) in addresses])
            else:
                yield from _some(app.name, list(self._config(app, addresses)))

    def _config(self, app: App, addresses: set[str]) -> Iterator[dict[str, Any]]:
        """Releases whose config vars name the person; the latest one's are the app's own."""
        releases = self.api.latest(f"apps/{app.name}/releases", "listing releases", self.settings.releases)
        wanted = [re.compile(rf"(?<![\w.+%-]){re.escape(a)}(?![\w-]|\.\w)", re.IGNORECASE) for a in sorted(addresses)]
        for release in releases:
            held = self.api.config_vars(f"apps/{app.name}/releases/{release['version']}/config-vars")
            if any(pattern.search(str(value)) for value in held.values() for pattern in wanted):
                yield {"created_at": release.get("created_at"), "version": release["version"]}

    def lines(self, subject: Subject, spec: CollectionSpec, key: str) -> tuple[list[bytes], tuple[str, ...]]:
        """What may be disclosed of a place, as JSON lines, and the types that are withheld."""
        shown = spec.disclosed
        rows = [flat(r) for found, rows in self.rows(subject, spec.name) if found == key for r in rows]
        lines = [json.dumps({n: row[n] for n in shown if n in row}).encode() + b"\n" for row in rows]
        return lines, spec.withheld(name for row in rows for name in row)


_INSTRUCTIONS = {
    "collaborators": say.COLLABORATOR, "team_members": say.TEAM_MEMBER, "config_vars": say.CONFIG_VARS,
}  # fmt: skip


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something about a person's place in the account."""
    user = row.get("user") or {}
    values = {"email": user.get("email") or row.get("email"), "role": row.get("role"), "version": row.get("version")}
    return {k: v for k, v in {**values, "created_at": row.get("created_at")}.items() if v is not None}


def _address(row: dict[str, Any]) -> str:
    return str((row.get("user") or {}).get("email") or row.get("email") or "").strip().casefold()


def _some(key: str, rows: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if rows:
        yield key, rows
