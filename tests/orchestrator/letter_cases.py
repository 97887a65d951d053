"""Facts of letters to build on; every value is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from orchestrator.clock import Facts as ClockFacts
from orchestrator.clock import deadlines, extension_ends
from orchestrator.inventory.flows import Whether
from orchestrator.inventory.stationery import Stationery
from orchestrator.law import Asked
from orchestrator.letters.content import Content, Heading, Items, Paragraph, Table, compose
from orchestrator.letters.facts import Addressee, Appealed, Choice, Denied, Extended, Facts, Item, Notice, Outcome
from orchestrator.letters.kinds import Kind, State
from orchestrator.model import Ground, Level, Request, Right, Role, Verification
from orchestrator.receipt import Fulfilment
from orchestrator.regimes import holidays, law_of

REGIMES = ("ccpa", "gdpr", "va", "co", "ct", "tx")
RECEIVED, TODAY = date(2026, 11, 2), date(2026, 11, 24)
DESK = Stationery(
    ("1 Office Road", "Madison WI 53703"), "privacy@office.example", "Privacy desk",
    telephone="+1 555 0100", authority="the data protection authority of your country",
    message_ids="letters.office.example",
)  # fmt: skip
ANN = Addressee("Ann Lee", ("12 Main Street", "Springfield"), "ann.lee@example.com")
VERIFIED = Verification(
    Level.REASONABLE, "log-in", ("email", "name"), ("email",), "s1", datetime(2026, 11, 3, tzinfo=UTC)
)
BOOKS = ("Books for tax", "26 U.S.C. 6501", "Tax returns only")


def item(state: State, system: str = "Shop", what: str = "Orders", until: date | None = None) -> Item:
    if state is State.RETAINED:
        return Item(state, system, what, until or date(2033, 1, 1), *BOOKS)
    return Item(state, system, what, until)


def outcome(*items: Item, fulfilment: Fulfilment = Fulfilment.COMPLETE, **more: object) -> Outcome:
    return replace(Outcome(fulfilment, items, roles=frozenset({Role.BUSINESS})), **more)  # type: ignore[arg-type]


WHOLE = outcome(item(State.DELETED))
KEPT = outcome(item(State.DELETED), item(State.RETAINED), fulfilment=Fulfilment.COMPLETE_WITH_RETENTION)
NOTHING = outcome(item(State.NOT_FOUND), fulfilment=Fulfilment.NOTHING_FOUND)
NOTICE = Notice("Mail Vendor", False, ("Contacts",), (("E-mail address", "ann.lee@example.com"),), date(2026, 12, 9))
NEEDED: dict[Kind, dict[str, object]] = {
    Kind.ACKNOWLEDGEMENT: {},
    Kind.MORE_INFORMATION: {"asks": ("the month of your first order",), "asks_by": date(2026, 12, 4)},
    Kind.EXTENSION: {"extended": Extended(date(2027, 1, 20), "A vendor has two months to answer.")},
    Kind.APPROVAL: {},
    Kind.COMPLETION: {"outcome": WHOLE},
    Kind.PARTIAL_DENIAL: {"outcome": KEPT},
    Kind.NOTHING_FOUND: {"outcome": NOTHING},
    Kind.DENIAL: {"denied": Denied("insuf_verification", "What you sent did not match what we hold.")},
    Kind.APPEAL_DECISION: {"appealed": Appealed(date(2026, 11, 20), "refused", "The books must be kept.")},
    Kind.FEE_ESTIMATE: {
        "amount": "25.00 USD",
        "denied": Denied("", "It is the ninth request of this kind within a week."),
    },
    Kind.PROVIDER_NOTICE: {"notice": replace(NOTICE, vendor="Fitters United", identifiers=())},
    Kind.HAND_OVER: {"notice": replace(NOTICE, vendor="Fitters United"), "to": Addressee("Fitters United")},
    Kind.VENDOR_NOTICE: {"notice": NOTICE, "to": Addressee("Mail Vendor", ("1 Vendor Way",))},
}
CHOSEN = Choice(date(2026, 11, 20), "https://office.example/opted-out")


def facts(kind: Kind, regime: str = "ccpa", asked: Asked = Asked.DELETE, **more: object) -> Facts:
    """A letter of that kind with everything that it needs."""
    law, clock = law_of(regime, ()), ClockFacts(asked, RECEIVED)
    ends = extension_ends(clock, law, holidays(), TODAY)
    right = Right.ACCESS if asked is Asked.ACCESS else Right.DELETE
    received = datetime(2026, 11, 2, 12, tzinfo=UTC)
    simple = Facts(
        kind, Request("r-7k3q9m2a4b", right, "email", received, "s1", regime, ground=Ground.STATUTORY), asked, RECEIVED,
        TODAY, law, deadlines(clock, law, holidays(), TODAY), ends.strict if ends else None, "Example Company", DESK,
        Level.REASONABLE, ANN, verification=VERIFIED, sells=Whether.NO,
    )  # fmt: skip
    return replace(simple, **{**NEEDED[kind], **more})  # type: ignore[arg-type]


def said(content: Content) -> str:
    """Everything a letter says, in one text."""
    texts = [content.subject, content.salutation, *content.recipient]
    for block in content.blocks:
        match block:
            case Heading(text) | Paragraph(text):
                texts.append(text)
            case Items(listed):
                texts += listed
            case Table(_, heads, rows):
                texts += [*heads, *(cell for row in rows for cell in row)]
    return "\n".join(texts)


def letter(kind: Kind, regime: str = "ccpa", asked: Asked = Asked.DELETE, **more: object) -> str:
    return said(compose(facts(kind, regime, asked, **more)))


DAYS = st.one_of(st.none(), st.dates(TODAY, date(2040, 1, 1)))
ITEMS = st.builds(
    lambda state, system, until: item(state, f"System {system}", "Records", until),
    st.sampled_from(State), st.integers(1, 4), DAYS,
)  # fmt: skip
OUTCOMES = st.builds(
    Outcome, st.sampled_from(Fulfilment), st.lists(ITEMS, max_size=8).map(tuple),
    roles=st.sets(st.sampled_from(Role)).map(frozenset), suppressed=st.booleans(),
)  # fmt: skip
