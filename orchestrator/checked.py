"""What can be told of every system before a request needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.model import Aspect, Probe
from orchestrator.abilities import probes
from orchestrator.errors import InventoryError
from orchestrator.inventory.periods import KeyTimes
from orchestrator.retention.vendor import reading as vendor
from orchestrator.rotation import Opens
from orchestrator.survey import listing as survey
from orchestrator.workspace import Workspace

VAULTS = "(vaults)"  # what a check calls this program's own, in the place of a system
_GRACE = timedelta(days=1)  # of whoever runs daily


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether one system can be used as the inventory says."""

    system: str
    ok: bool | None  # None: done by hand
    probes: tuple[Probe, ...]
    message: str = ""  # why it could not be asked, or who does it by hand


def check(workspace: Workspace, now: datetime, unserved: Mapping[str, datetime]) -> tuple[Checked, ...]:
    """Every system, asked side by side. `unserved`: restored ones, and when their copies were made."""
    names = list(workspace.inventory.systems)
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        found = tuple(pool.map(lambda name: _checked(workspace, name, now), names))
    return tuple(_unserved(row, unserved[row.system]) if row.system in unserved else row for row in found)


def vaults(opening: Sequence[Opens], times: KeyTimes, now: datetime) -> Checked:
    """Whether old copies of this program's own database open what was forgotten, longer than the inventory says."""
    wrong: list[str] = []
    every = times.new_after
    for one in opening if every else ():
        if every and one.until is None and one.forgotten and one.since + every + _GRACE < now:
            wrong.append(f"the master key is in use since {one.since:%Y-%m-%d} and was to be replaced: dsr vault turn")
        if one.until and one.until + times.kept + _GRACE < now:
            wrong.append(f"a master key that was replaced on {one.until:%Y-%m-%d} is still given: dsr vault turn")
    forgotten = max((o.forgotten for o in opening), default=0)
    if wrong:
        probe = Probe(Aspect.DELETE, False, "; ".join(wrong))
    elif times.promise is None and forgotten:
        said = f"old copies of the database open {forgotten} destroyed vaults: dsr vault turn, and say `keys:`"
        probe = Probe(Aspect.DELETE, None, said)
    else:
        probe = Probe(Aspect.DELETE, True, "what was forgotten does not open from old copies after its time")
    return Checked(VAULTS, not wrong, (probe,), "; ".join(wrong))


def _checked(workspace: Workspace, name: str, now: datetime) -> Checked:
    system = workspace.inventory.systems[name]
    if system.manual:
        return Checked(name, None, (), f"by hand: {system.owner}")
    try:
        connector = workspace.connector(name, now)
        found = (*probes(connector), *survey.probes(workspace, name, connector, now))
        found += tuple(vendor.probes(workspace, name, connector, now))
    except (ConnectorError, InventoryError) as error:
        return Checked(name, False, (Probe(Aspect.REACH, False, str(error)),), str(error))
    if not connector.capabilities.exports:
        found += (Probe(Aspect.EXPORT, None, "the API cannot export one person: by hand"),)
    if not connector.capabilities.actions:
        found += (Probe(Aspect.DELETE, None, "the API cannot delete for one person: by hand, or by time"),)
    return Checked(name, all(p.ok is not False for p in found), found)


def _unserved(row: Checked, copy: datetime) -> Checked:
    says = f"restored from a copy of {copy:%Y-%m-%d %H:%M} and not to be served yet: dsr replay"
    return replace(row, ok=False, probes=(*row.probes, Probe(Aspect.INVENTORY, False, says)), message=says)
