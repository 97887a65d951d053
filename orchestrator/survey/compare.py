"""What a listing shows beside what the inventory says: pure, and the same for a survey and for `dsr check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from connectors.surveys import Found, outermost
from orchestrator.inventory import Inventory
from orchestrator.inventory.exemption import Exemption
from orchestrator.package.fieldnames import keyed
from orchestrator.survey.model import Gap, Kind

_WAY = "describe it under systems.{0}.collections (dsr inventory survey proposes an entry), or exempt it with a reason"
_SHOWN = 12  # names of fields in one sentence


def gaps(
    inventory: Inventory, system: str, listed: Iterable[Found], elsewhere: frozenset[str], today: date
) -> Iterator[Gap]:
    """What of a listing the inventory does not mention. `elsewhere`: what other entries of the same account do."""
    for found in listed:
        if not found.collection and found.name not in elsewhere:
            yield from _unmentioned(inventory, system, found, today)
        elif found.described is not None:
            names = tuple(dict.fromkeys(p.name for p in found.parts))
            apart = frozenset(p.name for p in found.parts if p.apart)
            yield from fields(inventory, system, found, names, today, apart)


def gone(system: str, listed: Iterable[Found], mentions: Mapping[str, str]) -> Iterator[Gap]:
    """What the inventory mentions and a listing does not show."""
    there = {found.name for found in listed}
    for name, collection in mentions.items():
        if name not in there:
            says = f"{name}: there is none any more: take it out of the inventory, or correct its name"
            yield Gap(Kind.GONE, system, name, collection=collection, says=says)


def fields(
    inventory: Inventory, system: str, found: Found, names: Iterable[str], today: date,
    alone: frozenset[str] = frozenset(),
) -> Iterator[Gap]:  # fmt: skip
    """Fields of a collection that its entry names neither under `fields` nor under `plain`.

    `alone`: what has to be named by itself also within something that is described as a whole: of a kind that is
    never disclosed, as a sample shows, or made up by the account. So has what its name says to be such.
    """
    unknown: list[str] = []
    expired: list[str] = []
    known = found.described or frozenset()
    for name in names:
        inner = name.partition("->")[2]
        apart = bool(inner) and (name in alone or keyed(inner) is not None)
        if name in known or (outermost(name) in known and not apart):
            continue
        exemption, good = _exempted(inventory, f"{system}/{found.name}.{name}", today)
        if not good:
            (expired if exemption else unknown).append(name)
    for kind, lacking in ((Kind.FIELDS, unknown), (Kind.EXPIRED, expired)):
        if lacking:
            shown = ", ".join(lacking[:_SHOWN]) + (f" and {len(lacking) - _SHOWN} more" if lacking[_SHOWN:] else "")
            why = "not described" if kind is Kind.FIELDS else "not described, and the exemption has ended"
            says = f"{found.name}: {why}: {shown}. Name them under `fields` or `plain`: else nothing redacts them"
            yield Gap(kind, system, found.name, found.kind, found.collection, tuple(lacking), found.rows, says)


def _unmentioned(inventory: Inventory, system: str, found: Found, today: date) -> Iterator[Gap]:
    exemption, good = _exempted(inventory, f"{system}/{found.name}", today)
    if good:
        return
    what, way = f"{found.kind} {found.name}", _WAY.format(system)
    if not found.holds:
        says = f"{what}: not described; it shows what others hold"
        yield Gap(Kind.UNMENTIONED, system, found.name, found.kind, says=says, fails=False)
    elif exemption:
        owner = exemption.owner or inventory.system(system).owner
        says = f"{what}: its exemption ended on {exemption.until}: {owner} decides anew, or: {way}"
        yield Gap(Kind.EXPIRED, system, found.name, found.kind, rows=found.rows, says=says)
    else:
        says = f"{what}: the inventory does not mention it: {way}"
        yield Gap(Kind.UNMENTIONED, system, found.name, found.kind, rows=found.rows, says=says)


def _exempted(inventory: Inventory, place: str, today: date) -> tuple[Exemption | None, bool]:
    """The exemption that covers a place, one in force before one that has ended; and whether it is in force."""
    covering = [e for e in inventory.exemptions if e.covers(place)]
    good = [e for e in covering if not e.ended(today)]
    return next(iter(good or covering), None), bool(good)
