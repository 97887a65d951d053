"""What vendors' settings say, beside the inventory's periods; and what must not end sooner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, UntoldError
from connectors.model import Aspect, Probe
from connectors.probes import said
from connectors.protocol import Connector
from connectors.vendor_retention import Setting
from orchestrator.abilities import settled
from orchestrator.errors import InventoryError
from orchestrator.inventory import Collection, System
from orchestrator.inventory.periods import VENDOR_NATIVE, Schedule
from orchestrator.retention.planning import rule_of, schedules
from orchestrator.retention.vendor.model import VendorStep
from orchestrator.workspace import Workspace

_NO_CALL = "its connector reads no setting of the vendor's"


def steps(workspace: Workspace, now: datetime, only: str = "", alone: str = "") -> Iterator[VendorStep]:
    """Every collection whose period the vendor keeps, in the order of the inventory; of one system, or one of its
    collections, on demand."""
    for system, collection, schedule in schedules(workspace.inventory):
        if schedule.action == VENDOR_NATIVE and only in ("", system.name) and alone in ("", collection.name):
            yield _step(workspace, system, collection, schedule, now)


def probes(workspace: Workspace, name: str, connector: Connector, now: datetime) -> Iterator[Probe]:
    """For `dsr check`: one probe for each collection of a system whose period the vendor keeps."""
    for step in steps(workspace, now, name):
        yield Probe(Aspect.INVENTORY, step.fits, step.says)


def held(workspace: Workspace, step: VendorStep) -> str:
    """Why a change that ends data sooner must wait: a legal hold on something that the setting reaches."""
    assert step.setting
    if not step.setting.shortens:
        return ""
    reached = {step.system, *(f"{step.system}/{name}" for name in (step.collection, *step.setting.also))}
    count = sum(not hold.collection or hold.collection in reached for hold in workspace.journal.holds())
    if not count:
        return ""
    many = "s" if count > 1 else ""
    return f"{count} legal hold{many} may reach what it ends, and a setting spares nobody: dsr hold list"


def _step(
    workspace: Workspace, system: System, collection: Collection, schedule: Schedule, now: datetime
) -> VendorStep:  # fmt: skip
    rule = rule_of(workspace.inventory, system, collection, schedule)
    blank = VendorStep(
        system.name, collection.name, schedule.period.days, rule, schedule.basis, schedule.owner,
        unread=schedule.event or _NO_CALL,
    )  # fmt: skip
    if system.manual:
        return _said(workspace, blank, schedule, now)
    try:
        able = settled(workspace.connector(system.name, now))
        if able is None:
            return _said(workspace, blank, schedule, now)
        setting = able.kept(collection.name, schedule.period)
    except UntoldError as error:  # no call tells
        return _said(workspace, replace(blank, unread=said(system.name, error)), schedule, now)
    except (ConnectorError, InventoryError) as error:
        return replace(blank, unread=said(system.name, error))
    read = replace(blank, setting=setting, unread="", how="read")
    if setting.fits or setting.by_hand:
        return read
    return replace(read, stops=tuple(filter(None, (held(workspace, read), *_kept_longer(workspace, read, setting)))))


def _said(workspace: Workspace, step: VendorStep, schedule: Schedule, now: datetime) -> VendorStep:
    """What a person stated, where no call tells. A reading that failed is not replaced by it: the caller leaves it."""
    stated = schedule.stated
    if stated is None:
        return step
    keeps = "for ever" if stated.keeps is None else f"{stated.keeps.days} days" if stated.keeps else "nothing"
    where = f" ({stated.where})" if stated.where else ""
    says = f"{keeps}, as {stated.by} stated on {stated.on}{where}, to be looked at again by {stated.review_by}"
    agrees = stated.keeps is not None and stated.keeps <= schedule.period
    overdue = now.astimezone(workspace.inventory.zone).date() > stated.review_by
    return replace(step, how="stated", stated=says, agrees=agrees, overdue=overdue)


def _kept_longer(workspace: Workspace, step: VendorStep, setting: Setting) -> Iterator[str]:
    """What else the setting would end, although an exception or a period of its own keeps it longer."""
    inventory, period = workspace.inventory, timedelta(days=step.days)
    for name in setting.also:
        for rule in inventory.rules_for(step.system, name):
            if rule.keep_for > period:
                yield f"it ends {name} too, which the rule {rule.id} keeps for {rule.keep_for.days} days"
        schedule = inventory.systems[step.system].collections[name].retention
        if schedule is None or schedule.period != period:
            says = f"for {schedule.period.days} days" if schedule else "without a period"
            yield f"it ends {name} too, which the inventory keeps {says}: give both the same, or part them"
