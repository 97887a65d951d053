"""Whose a customer is. An e-mail in Stripe was typed by someone; a user id in the metadata or a
customer id was assigned by us or by Stripe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from connectors.model import Obstacle, ObstacleKind, Subject
from connectors.stripe.settings import Settings
from connectors.stripe.transport import Api, Item
from connectors.stripe.values import at, bears_any, redacted, same
from connectors.stripe.vocabulary import BY_NAME

_PERSONAL = BY_NAME["customers"].personal
SEVERAL = Obstacle(
    ObstacleKind.SEVERAL_PEOPLE,
    "bears the person's address or customer, and another person's user id, address or name; "
    "confirm the right Stripe customer id, or mend the metadata, and plan again",
)
UNKNOWN_USER = Obstacle(
    ObstacleKind.CLAIMED,
    "bears the address, which somebody typed, and nothing that is known to be the requester's: "
    "confirm the user id or the Stripe customer id, and plan again",
)


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers met for one subject: `own` are theirs, `gone` are empty shells of theirs.

    `typed` are known by an address alone, and wait to be judged.
    """

    own: dict[str, Item]
    gone: frozenset[str]
    several: dict[str, Item]
    claimed: dict[str, Item]
    spellings: tuple[str, ...]  # of the subject's e-mail addresses, as met
    asked: frozenset[str]  # the spellings that customers were listed by
    typed: dict[str, Item] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """Everything whose objects are the subject's, gone customers included."""
        return tuple(sorted({*self.own, *self.gone}))

    @property
    def shared(self) -> bool:
        """Whether an address of the subject's stands on another person's customer too."""
        return bool(self.several)

    def faceless(self, customer: str) -> bool:
        """Whether nothing at the customer itself names a person any more."""
        return customer in self.gone or not bears_any(self.own.get(customer, {}), _PERSONAL)


class People:
    """Finds the customers of a subject."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def customers(self, subject: Subject, spellings: Iterable[str]) -> Customers:
        """Every customer the subject's identifiers lead to, each read afresh and classified.

        `GET /v1/customers?email=` is exact to the letter's case, hence the spellings; the search
        finds others, and those with the user id, but lags behind: https://docs.stripe.com/search
        """
        emails, users = subject.values("email"), subject.values("user_id")
        assigned = {id_: self._one(id_) for id_ in subject.values("stripe.customer")}
        gone = {id_ for id_, item in assigned.items() if item is not None and _shell(item)}
        met = {id_: item for id_, item in assigned.items() if item is not None and id_ not in gone}
        by_user: set[str] = set()
        for item in self._by_email(emails, spellings):
            met.setdefault(str(item["id"]), item)
        for item in self._by_user(users):
            met.setdefault(str(item["id"]), item)
        for id_, item in met.items():
            if same(self.user(item), users):
                by_user.add(id_)
        own, several, claimed, typed = self._whose(met, set(assigned), by_user, users)
        found = {str(item["email"]) for item in met.values() if same(item.get("email"), emails)}
        return Customers(
            own, frozenset(gone), several, claimed, tuple(sorted({*spellings, *found})), _spelled(emails, spellings),
            typed,
        )  # fmt: skip

    def user(self, item: Item) -> str:
        """The user id that an object's metadata names, or nothing."""
        value = at(item, f"metadata.{self._settings.user_key}")
        return value.strip() if isinstance(value, str) else ""

    def _whose(
        self, met: dict[str, Item], assigned: set[str], by_user: set[str], users: tuple[str, ...]
    ) -> tuple[dict[str, Item], ...]:
        foreign = {id_ for id_, item in met.items() if self.user(item) and id_ not in by_user}
        if not users:  # a confirmed customer id says whose the user id in its metadata is
            foreign -= assigned
        names = {self.user(item) for item in met.values()} - {""}
        own, several, claimed, typed = (dict[str, Item]() for _ in range(4))
        for id_, item in sorted(met.items()):
            if id_ in foreign:
                (several if users or len(names) > 1 else claimed)[id_] = item
            elif id_ in by_user or id_ in assigned:
                own[id_] = item
            else:  # by an address alone; if that stands on another person's customer too, it is nobody's for sure
                (several if foreign else typed)[id_] = item
        return own, several, claimed, typed

    def _by_email(self, emails: tuple[str, ...], spellings: Iterable[str]) -> Iterator[Item]:
        doing = "listing customers by e-mail"
        for spelling in sorted(_spelled(emails, spellings)):
            for item in self._api.listed("/v1/customers", doing, email=spelling):
                if same(item.get("email"), emails) and not _shell(item):
                    yield item
        for email in emails if self._settings.search else ():
            yield from self._hits(f"email:'{_escaped(email)}'", "email", emails)

    def _by_user(self, users: tuple[str, ...]) -> Iterator[Item]:
        key = self._settings.user_key
        for user in users if self._settings.search else ():
            yield from self._hits(f"metadata['{_escaped(key)}']:'{_escaped(user)}'", f"metadata.{key}", users)

    def _hits(self, query: str, name: str, wanted: tuple[str, ...]) -> Iterator[Item]:
        for hit in self._api.searched("/v1/customers/search", query, "searching customers"):
            item = self._one(str(hit.get("id")))  # the index may tell of what was changed or deleted since
            if item is not None and same(at(item, name), wanted) and not _shell(item):
                yield item

    def _one(self, id_: str) -> Item | None:
        return self._api.get(f"/v1/customers/{quote(id_, safe='')}", "reading a customer")


def _spelled(emails: Iterable[str], met: Iterable[str]) -> frozenset[str]:
    emails = tuple(emails)
    return frozenset({*emails, *(e.lower() for e in emails), *met})


def _shell(item: Item) -> bool:
    """A deleted customer answers with a stub, a redacted one with placeholders."""
    return item.get("deleted") is True or redacted(item, _PERSONAL)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
