"""What can be told of the log groups and the credentials before a request needs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.aws.logs.group import Description, Group
from connectors.aws.probes import allowed, fits
from connectors.model import Aspect, CollectionSpec, Probe

_NOBODY = '"dsr-orchestrator-permission-check"'


def inspect(system: str, groups: Mapping[str, Group], specs: Mapping[str, CollectionSpec]) -> Iterator[Probe]:
    """Probes of every collection. Lines are searched for a word that no line has."""
    for name, group in groups.items():
        found: list[Description] = []
        yield fits(system, f"{name}: the log group exists and can be searched", _describe, group, found)
        for said in found:
            yield Probe(Aspect.REACH, True, f"{name}: CloudWatch Logs answers and takes the credentials")
            yield _retention(name, said.days, specs[name].options.get("retention_days"))
            what = f"{name}: lines can be read" + (" unmasked" if said.masked else "")
            yield allowed(system, what, group.lines, _NOBODY, said)
            yield allowed(system, f"{name}: subscriptions and exports can be listed", group.listed_copies)
    yield Probe(Aspect.PLAN, None, "CloudWatch Logs deletes no single line: lines go with the group's retention")


def _describe(group: Group, found: list[Description]) -> None:
    found.append(group.describe())


def _retention(name: str, days: int | None, stated: int | None) -> Probe:
    if days is None:
        return Probe(Aspect.INVENTORY, False, f"{name}: lines are kept for ever: set a retention (PutRetentionPolicy)")
    if stated is not None and stated != days:
        says = f"{name}: lines are kept for {days} days, the inventory says {stated}: correct whichever is wrong"
        return Probe(Aspect.INVENTORY, False, says)
    return Probe(Aspect.INVENTORY, True, f"{name}: lines are kept for {days} days")
