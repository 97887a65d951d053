"""Lists one system and compares it with the inventory; reads no row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from connectors.errors import AuthError, ConnectorError
from connectors.model import Aspect, Probe
from connectors.probes import said
from connectors.protocol import Connector
from connectors.surveys import Found
from orchestrator.abilities import listing
from orchestrator.inventory import System
from orchestrator.survey import compare
from orchestrator.survey.model import Gap
from orchestrator.workspace import Workspace


def probes(workspace: Workspace, name: str, connector: Connector, now: datetime) -> Iterator[Probe]:
    """For `dsr check`: what exists and is not mentioned, one probe each. Nothing for a system that cannot be listed."""
    able = listing(connector)
    if able is None:
        return
    try:
        found = able.survey()
    except AuthError as error:
        yield Probe(Aspect.INVENTORY, None, f"what the inventory lacks is not known: {said(name, error)}")
        return
    except ConnectorError as error:
        yield Probe(Aspect.INVENTORY, False, said(name, error))
        return
    lacking = [g for g in unmentioned(workspace, name, found, now) if g.fails]
    yield from (Probe(Aspect.INVENTORY, False, gap.says) for gap in lacking)
    unseen = [f"{f.name}: what the inventory lacks is not known: {f.refused}" for f in found if f.refused]
    yield from (Probe(Aspect.INVENTORY, None, says) for says in unseen)
    if not lacking and not unseen and (count := sum(not f.sampled for f in found)):
        yield Probe(Aspect.INVENTORY, True, f"nothing exists that the inventory leaves out ({count} listed)")


def unmentioned(workspace: Workspace, name: str, found: tuple[Found, ...], now: datetime) -> tuple[Gap, ...]:
    """What of a listing the inventory leaves out, without an exemption in force."""
    inventory = workspace.inventory
    today = now.astimezone(inventory.zone).date()
    return tuple(compare.gaps(inventory, name, found, elsewhere(workspace, name, now), today))


def elsewhere(workspace: Workspace, name: str, now: datetime) -> frozenset[str]:
    """What other systems of the inventory mention that lie in the same account: with the same connector and keys."""
    mine = workspace.inventory.system(name)
    named: set[str] = set()
    for other in workspace.inventory.systems.values():
        if other.name != name and _account(other) == _account(mine):
            able = listing(workspace.connector(other.name, now))
            named |= set(able.mentions()) if able else set()
    return frozenset(named)


def _account(system: System) -> tuple[object, ...]:
    settings: Mapping[str, object] = {k: v for k, v in system.settings.items() if k in ("region", "base_url")}
    return system.connector, sorted(system.secrets.items()), sorted(settings.items(), key=str)
