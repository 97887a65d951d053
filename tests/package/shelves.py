"""A package over made-up artifacts: one system, a collection of rows, one with a row per person, one of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.model import Action, Artifact, Capabilities, Identifier, Locator, Order, Outcome, Record, Subject, Trust
from orchestrator.inventory import Inventory
from orchestrator.model import Coverage, Level, Plan, Request, Right, Role, Searched, Step, Verification
from orchestrator.package import Job, Lists, Package, Period, Verdict, write
from tests.package.planted import OWN_EMAIL

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=365)
EVERYTHING = Period()
INVENTORY = """\
inventory: 1
company: Example LLC
regime: ccpa
policy: {document: Privacy Policy, revised: 2026-01-01}
approval: single_person
staff: [{id: desk, may: [export]}]
identifiers: {email: {title: E-mail, normalise: [trim, case]}}
attributes: {name: {title: Name}}
hand_over: {owner: success, how: Write to the organisation.}
systems:
  shop:
    title: Shop
    connector: memory
    role: business
    sources: The person
    purposes: [Selling]
    third_party_category: Shop provider
    owner: engineering
    collections:
      users:
        title: Accounts
        one_per_person: true
        age: at
        fields:
          email: {category: A, disclose: true}
          name: {category: B, disclose: true, holds: name}
          phone: {category: B, disclose: true}
        plain: [id, at]
      notes:
        title: Notes
        age: at
        fields:
          text: {category: A, disclose: true}
          more: {category: A, disclose: true}
          billing_email: {category: B, disclose: true}
          secret: {category: A, never: API token}
          coach: {category: B, never: another person's name, names_others: true, redact: none}
        plain: [id, at]
      files: {title: Papers, fields: {content: {category: B, disclose: true}}}
  paper:
    {title: Paper files, manual: true, role: business, sources: The person, purposes: [Selling], owner: office,
     instructions: Look there.}
"""


@dataclass
class Shelf:
    """A system that exports what it is given."""

    artifacts: dict[str, Callable[[], Iterator[Artifact]]] = field(default_factory=dict)
    system: str = "shop"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(needs=frozenset({"email"}))

    def check(self) -> None: ...

    def locate(self, subject: Subject) -> Iterator[Record]:
        return iter(())

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        return iter(())

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        return self.artifacts[at.collection]()


def rows(name: str, *lines: bytes, withheld: tuple[str, ...] = ()) -> Callable[[], Iterator[Artifact]]:
    return lambda: iter([Artifact(f"{name}.jsonl", "application/jsonl", iter(lines), withheld)])


def files(*contents: tuple[str, str, bytes], at: datetime | None = None) -> Callable[[], Iterator[Artifact]]:
    return lambda: (Artifact(n, media, iter([c]), file=True, at=at) for n, media, c in contents)


def package(
    tmp: Path,
    artifacts: dict[str, Callable[[], Iterator[Artifact]]],
    *,
    period: Period = EVERYTHING,
    zipped: bool = False,
    lists: Lists | None = None,
    decided: dict[str, Verdict] | None = None,
    held_to: Path | None = None,
    to: str = "package",
    newest: datetime | None = None,
    more: tuple[Step, ...] = (),
    more_inventory: str = "",
) -> Package:
    (tmp / "inventory.yaml").write_text(INVENTORY + more_inventory)
    verification = Verification(Level.REASONABLY_HIGH, "log-in", ("email",), ("email",), "desk", NOW)
    steps = tuple(Step(c, "shop", c, Action.RETAIN, 1, 0, Role.BUSINESS, newest=newest) for c in artifacts)
    coverage = (Searched("shop", Coverage.SEARCHED, NOW), Searched("paper", Coverage.MANUAL_OPEN, NOW, "by hand"))
    plan = Plan("r-1", Right.ACCESS, "desk", NOW, (*steps, *more), coverage, (), (), verification, (), "sha256:0", "1")
    job = Job(
        Request("r-1", Right.ACCESS, "email", NOW, "desk"),
        plan,
        Subject.of(Identifier("email", OWN_EMAIL, Trust.PROVEN)),
        {c: Locator("shop", c) for c in artifacts},
        {"shop": Shelf(artifacts)},
        Inventory.load(tmp / "inventory.yaml"),
        period,
        lambda sha: (sha, (decided or {}).get(sha)),
        NOW,
        lists,
    )
    return write(job, tmp / to, zipped=zipped, held_to=held_to)
