"""What patterns alone cannot see: the policy's words beside what the inventory says. Small and pure, one a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from orchestrator.days import months_after
from orchestrator.inventory.flows import Capacity, Whether
from orchestrator.model import Role
from orchestrator.policy import held, vendors
from orchestrator.policy.rules import LintRule
from orchestrator.policy.sight import Hit, Sight
from orchestrator.policy.structure import leftovers

_DATE = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{4}\b"
    r"|\b(January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2}, \d{4}\b"
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
)
_BOTTOM = 15  # lines with words in which a date counts as standing at the bottom
_CARD = re.compile(r"\b(card number|PAN)\b", re.IGNORECASE)
_BILLING = re.compile(r"bill|qualif|pay", re.IGNORECASE)


def table_rows(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    rows = {row.category: row for row in sight.text.rows}
    for answer in held.answers(sight.inventory):
        where = _places(answer)
        row = rows.get(answer.category)
        if row is None:
            yield Hit(None, "", f"the table has no row {answer.category}; the inventory says {answer.answer}: {where}")
        elif not row.answer:
            says = f"row {row.category} is not answered; the inventory says {answer.answer}: {where}"
            yield Hit(row.answer_line, row.title, says)
        elif row.answer != answer.answer:
            says = f"row {row.category} says {row.answer}; the inventory says {answer.answer}: {where}"
            yield Hit(row.answer_line, row.title, says)


def _places(answer: held.Answer) -> str:
    if not answer.places:
        unsaid = ", ".join(answer.undeclared)
        return "no collection holds it" + (f", and of {unsaid} no fields are declared" if unsaid else "")
    count = len(answer.places)
    return f"{answer.places[0]}" + (f" and {count - 1} more" if count > 1 else "")


def own_words(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    rows = {row.category: row.answer for row in sight.text.rows}
    for implied in rule.implies:
        lacking = [c for c in implied.categories if rows.get(c) != held.YES]
        if lacking and (found := sight.text.says(implied.words)):
            yield Hit(found.line, found.words, f"tells of {implied.because}: {', '.join(lacking)} must be YES")


def disclosure_denied(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    given = {recipient.title for recipient, _ in held.flows(sight.inventory, sight.today)}
    named = {found.words for found in sight.text.third_parties}
    if given or named:
        says = f"the text lists {len(named)} third parties, the inventory {len(given)} recipients of the last 12 months"
        yield from (Hit(f.line, f.words, says) for f in sight.text.find(rule.statements[0]))


def names_for_categories(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    known = {vendors.key(flow.category) for r in sight.inventory.recipients for flow in r.flows}
    for entry in sight.text.third_parties:
        if vendors.key(entry.words) in known:
            continue
        recipient = vendors.named(entry.words, sight.inventory)
        what = vendors.described(recipient) if recipient else "no recipient of the inventory"
        yield Hit(entry.line, entry.words, f"is a name and no category: {what}")


def structure(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    return leftovers(sight.text)


def sale(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    may, denied = sight.text.says(rule.may), sight.text.says(rule.denied)
    answer = held.sold(sight.inventory, sight.today)
    if denied and answer is Whether.YES:
        yield Hit(denied.line, denied.words, "the inventory says that data was sold in the last 12 months")
    if may and denied:
        say = {Whether.NO: "nothing was sold", Whether.YES: "data was sold", Whether.UNKNOWN: "it is not known"}
        says = f'contradicts "{denied.words}" in line {denied.line}; of the last 12 months the inventory says: '
        yield Hit(may.line, may.words, says + say[answer])


def anonymous_analytics(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    measuring = [
        (system, sorted({c for held_ in system.collections.values() for c in held_.categories} & {"A", "F"}))
        for system in sight.inventory.systems.values()
        if system.third_party and "analytics" in f"{system.third_party} {system.purposes}".lower()
    ]
    where = [f"{system.name} ({', '.join(categories)})" for system, categories in measuring if categories]
    if where:
        for statement in rule.statements:
            says = f"{' and '.join(where)} hold identifiers and activity of visitors, which are personal information"
            yield from (Hit(f.line, f.words, says) for f in sight.text.find(statement))


def card_number(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    fields = [
        f"{system.name}/{collection.name}.{name}"
        for system, collection in held.collections(sight.inventory)
        for name, field in collection.fields.items()
        if _CARD.search(f"{name} {field.type}")
    ]
    payers = [s.title for s in sight.inventory.systems.values() if "payment" in s.third_party.lower()]
    for found in sight.text.find(rule.statements[0]):
        if payers:
            what = f"the inventory has them in {', '.join(fields)}" if fields else "the inventory holds none"
            yield Hit(found.line, found.words, f"card numbers go to {', '.join(payers)}, and {what}")
        elif not fields:
            yield Hit(found.line, found.words, "the inventory holds no card number and names no payment processor")


def billing_purposes(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    others: dict[str, set[str]] = {}
    for system, collection in held.collections(sight.inventory):
        if "D" in collection.categories:
            beyond = {p for p in collection.purposes if not _BILLING.search(p)}
            others.setdefault(system.name, set()).update(beyond)
    told = "; ".join(f"{system}: {', '.join(sorted(purposes))}" for system, purposes in others.items() if purposes)
    if told:
        yield from (
            Hit(f.line, f.words, f"the inventory has commercial data for other purposes too: {told}")
            for f in sight.text.find(rule.statements[0])
        )


def partners(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    says = {
        Whether.YES: "data is given to others for their own direct marketing: 1798.83 applies",
        Whether.NO: "the inventory says that no data goes to others for their own marketing: the text leaves it open",
        Whether.UNKNOWN: "nobody has said whether data goes to partners for their own marketing",
    }[held.marketed(sight.inventory, sight.today)]
    yield from (Hit(f.line, f.words, says) for f in sight.text.find(rule.statements[0]))


def vendor_drift(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    return vendors.drift(sight)


def contracts(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    for recipient in sight.inventory.recipients:
        if recipient.contract is not Whether.YES and recipient.capacity is not Capacity.THIRD_PARTY:
            listed = next((e for e in sight.text.third_parties if vendors.fits(e.words, recipient)), None)
            what = "there is no" if recipient.contract is Whether.NO else "nobody has said whether there is a"
            says = f"{recipient.title}: {what} contract with the terms of 1798.140(ag)"
            yield Hit(listed.line if listed else None, listed.words if listed else "", says)


def undated(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    bottom = [line for line in sight.text.lines if line.strip()][-_BOTTOM:]
    if not any(_DATE.search(line) for line in bottom):
        found = sight.text.says(rule.statements[0])
        yield Hit(found.line if found else None, found.words if found else "", "no date stands at the end of the text")


def ages(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    where = [
        f"{system.name}/{collection.name}.{name} ({tells})"
        for system, collection in held.collections(sight.inventory)
        for name, tells in collection.tells.items()
    ]
    schools = [str(p) for a in held.answers(sight.inventory) if a.category == "J" for p in a.places]
    if where or schools:
        for found in sight.text.find(rule.statements[0]):
            yield Hit(found.line, found.words, f"the inventory can tell of children: {', '.join([*where, *schools])}")


def roles(sight: Sight, rule: LintRule) -> Iterator[Hit]:
    others = [f"{s.name}/{c.name}" for s, c in held.collections(sight.inventory) if c.role is Role.SERVICE_PROVIDER]
    if others and not sight.text.says(rule.said):
        says = (
            f"{len(others)} collections, as {others[0]}, are held for customer organisations: the text does not say so"
        )
        for statement in rule.statements:
            yield from (Hit(f.line, f.words, says) for f in sight.text.find(statement))


def version(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    named = sight.inventory.policy.sha256
    if named and named != sight.text.sha256:
        yield Hit(None, "", f"the inventory names sha256 {named[:12]}…, and this text has {sight.text.sha256[:12]}…")


def age(sight: Sight, _rule: LintRule) -> Iterator[Hit]:
    revised = sight.inventory.policy.revised
    if revised and revised < months_after(sight.today, -12).isoformat():
        yield Hit(None, "", f"the inventory says that it was revised on {revised}")


DETECTORS: Mapping[str, Callable[[Sight, LintRule], Iterator[Hit]]] = {
    f.__name__: f
    for f in (
        table_rows, own_words, disclosure_denied, names_for_categories, structure, sale, anonymous_analytics,
        card_number, billing_purposes, partners, vendor_drift, contracts, undated, ages, roles, version, age,
    )
}  # fmt: skip
