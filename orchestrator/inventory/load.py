"""From a file to an `Inventory`: read, check the shape, check the references, freeze."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    IdentitySpec,
    LinkKind,
    LinkSpec,
    Redaction,
    Trust,
)
from orchestrator.canonical import digest
from orchestrator.inventory import (
    correctable,
    counterparts,
    exempt,
    keys,
    letters,
    model,
    points,
    promise,
    recipients,
    restore_test,
    retention,
    schema,
)
from orchestrator.inventory import document as yaml
from orchestrator.inventory.flows import Sensitive, Tells
from orchestrator.inventory.references import check, role_of
from orchestrator.inventory.shape import shaped
from orchestrator.model import Level, Right, Role, Rule


def load(path: Path) -> model.Inventory:
    """Read and check a file. Raises InventoryError with every problem, each with its line.

    References between its parts can only be checked once every part has its shape.
    """
    data, problems = yaml.read(path)
    document = shaped(data, problems)
    if document is not None:
        check(document, problems)
        letters.check(document, problems)
        retention.check(document, problems)
    problems.stop()
    assert document is not None  # without a document there were problems
    return _inventory(document, path)


def _inventory(document: schema.Document, path: Path) -> model.Inventory:
    policy, limits, verification = document.policy, document.limits, document.verification
    hand_over = document.hand_over
    return model.Inventory(
        path=path,
        company=document.company,
        mode=document.mode,
        regime=document.regime,
        policy=model.Policy(
            policy.document, policy.revised or "", policy.sha256 or "", policy.url or "", policy.text or ""
        ),
        approval=document.approval,
        staff=tuple(model.StaffMember(s.id, s.public_key or "", frozenset(s.may)) for s in document.staff),
        hand_over=counterparts.HandOver(hand_over.owner, hand_over.how, hand_over.within_days)
        if hand_over
        else counterparts.HandOver(),
        verification={
            Right.DELETE: Level(verification.delete),
            Right.ACCESS: Level(verification.access),
            Right.KNOW: Level(verification.know),
            Right.CORRECT: Level(verification.correct),
        },
        limits=model.Limits(
            limits.records,
            limits.share_of_collection,
            timedelta(hours=limits.plan_valid_hours),
            limits.late,
            limits.manual_days,
            timedelta(days=limits.restorable_days),
        ),
        identifiers={n: model.Kind(n, k.title, tuple(k.normalise)) for n, k in document.identifiers.items()},
        rules=tuple(_rule(r) for r in document.rules),
        exemptions=tuple(map(exempt.frozen, document.exemptions)),
        systems={name: _system(name, s) for name, s in document.systems.items()},
        zone=ZoneInfo(document.time_zone),
        promises=tuple(promise.rule(p) for p in document.promises),
        recipients=tuple(map(recipients.frozen, document.recipients)),
        letters=letters.frozen(document.letters),
        accounts=tuple(document.accounts),
        attributes={n: correctable.frozen(n, a) for n, a in document.attributes.items()},
        retention=retention.timetable(document.retention),
        keys=keys.frozen(document.keys),
        organisations={
            n: counterparts.Organisation(n, o.title, frozenset(c.casefold() for c in o.contacts))
            for n, o in document.organisations.items()
        },
        points={n: _point(n, p) for n, p in document.points.items()},
        doubtful_names=document.package.doubtful_names,
        sensitive_categories=frozenset(verification.sensitive_categories),
        sensitive_level=Level(verification.sensitive_level),
        content=digest(document.model_dump(mode="json", exclude={"mode"})),
    )


def _rule(entry: schema.Rule) -> Rule:
    return Rule(
        id=entry.id,
        basis=entry.basis,
        citation=entry.citation,
        role=Role(entry.role),
        collections=tuple(entry.covers),
        fields=tuple(entry.fields),
        use_limit=entry.use_limit,
        keep_for=timedelta(days=schema.days(entry.keep_for)),
        counted_from=entry.counted_from,
        confirmed_by=entry.confirmed_by or "",
        confirmed_on=entry.confirmed_on or "",
        review_owner=entry.review_owner,
        review_days=entry.review_days,
        exception=entry.exception,
    )


def _point(name: str, entry: points.Point) -> counterparts.Point:
    held, writable = (tuple(map(points.split, places)) for places in (entry.held, entry.writable))
    return counterparts.Point(name, entry.title, held, writable, entry.compare, entry.weak)


def _system(name: str, entry: schema.System) -> model.System:
    sandbox = entry.sandbox or schema.Sandbox()
    return model.System(
        name=name,
        title=entry.title,
        connector=entry.connector or "",
        manual=entry.manual,
        owner=entry.owner,
        instructions=entry.instructions or "",
        third_party=entry.third_party_category or "",
        sources=tuple(entry.sources),
        purposes=tuple(entry.purposes),
        collections={n: _collection(n, c, entry) for n, c in entry.collections.items()},
        settings=entry.settings,
        secrets=entry.secrets,
        sandbox_settings=sandbox.settings,
        sandbox_secrets=sandbox.secrets,
        has_sandbox=entry.sandbox is not None,
        rate=_rate(entry.rate),
        concurrency=entry.concurrency,
        sandbox_rate=_rate(sandbox.rate),
        restore_test=restore_test.frozen(entry.restore_test),
        sandbox_restore_test=restore_test.frozen(sandbox.restore_test),
        suppression=entry.suppression or "",
    )


def _rate(entry: schema.Rate | None) -> tuple[int, float] | None:
    return (entry.calls, entry.seconds) if entry else None


def _collection(name: str, entry: schema.Collection, system: schema.System) -> model.Collection:
    fields = {n: _field(n, f) for n, f in entry.fields.items()}
    fields |= {n: FieldSpec(n, "", Disclosure.DISCLOSE, "", Redaction.NONE) for n in entry.plain}
    spec = CollectionSpec(
        name=name,
        identities=tuple(IdentitySpec(f.kind, f.field, Trust(f.trust), f.match, f.reveal) for f in entry.found_by),
        links=tuple(
            LinkSpec(tuple(link.fields), link.to, LinkKind(link.kind), tuple(link.references)) for link in entry.links
        ),
        fields=tuple(fields.values()),
        intended=Action(entry.on_deletion),
        age_field=entry.age or "",
        organisation=tuple(entry.organisation),
        one_per_person=entry.one_per_person,
        options=entry.options,
    )
    return model.Collection(
        name=name,
        title=entry.title or name,
        role=Role(role_of(system, entry) or ""),
        on_deletion=Action(entry.on_deletion),
        fields=fields,
        sources=tuple(entry.sources or system.sources),
        purposes=tuple(entry.purposes or system.purposes),
        spec=spec,
        one_per_person=entry.one_per_person,
        sensitive={n: Sensitive(f.sensitive) for n, f in entry.fields.items() if f.sensitive},
        tells={n: Tells(f.tells) for n, f in entry.fields.items() if f.tells},
        sensitive_uses=tuple(entry.sensitive_uses),
        holds={n: tuple(f.holds) for n, f in entry.fields.items() if f.holds},
        others=tuple(n for n, f in entry.fields.items() if f.names_others),
        uncorrected=entry.uncorrected or "",
        carried_over=entry.carried_over or "",
        retention=retention.frozen(entry.retention, entry.age or "") if entry.retention else None,
    )


def _field(name: str, entry: schema.FieldEntry) -> FieldSpec:
    disclosure = Disclosure.UNMARKED
    if entry.disclose or entry.names_others:  # a package reads it, and blacks it out
        disclosure = Disclosure.DISCLOSE
    elif entry.never:
        disclosure = Disclosure.NEVER
    called = entry.never or entry.type or ""
    return FieldSpec(name, entry.category or "", disclosure, called, Redaction(entry.redact), entry.tells or "")
