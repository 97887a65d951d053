"""What an account has: senders of log lines, groups of them, saved searches, members and archives.

A new sender is a new source of lines that nobody has described, so that each is named by itself. Groups hold nothing:
they only show what their senders send. Of what names people only how many there are is told.
Source: https://documentation.solarwinds.com/en/success_center/papertrail/content/kb/how-it-works/settings-api.htm
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from connectors.model import CollectionSpec
from connectors.papertrail.events import LogSource
from connectors.papertrail.objects import PATHS
from connectors.papertrail.settings import ARCHIVES, EVENTS, MEMBERS, SEARCHES, SENDERS
from connectors.surveys import Found, described, named

SENDER = "source_name"
_KINDS = {SEARCHES: "saved searches", SENDERS: "senders", MEMBERS: "members", ARCHIVES: "archives"}


def survey(source: LogSource, specs: Mapping[str, CollectionSpec], named_there: Collection[str]) -> Iterator[Found]:
    """`named_there`: collections that the inventory describes; the others are searched all the same."""

    def collection(name: str) -> str:
        return name if name in named_there else ""

    counts = {}
    for name, path in PATHS.items():
        rows = source.objects(path)
        counts[name] = len(rows)
        if name == SENDERS:
            parts = {part.name: part for row in rows for part in [named(SENDER, row.get("name"), "sender")]}
            lines = described([specs[EVENTS]])
            yield Found(EVENTS, "log lines", collection(EVENTS), tuple(parts.values()), lines)
    for row in source.objects("groups.json"):
        yield Found(named("groups", row.get("name"), "group").name, "group of senders", holds=False)
    counts[ARCHIVES] = len(source.archives())
    for name, kind in _KINDS.items():
        if counts[name]:
            yield Found(name, kind, collection(name), rows=counts[name])
