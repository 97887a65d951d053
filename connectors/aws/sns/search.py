"""What SNS knows of one person, compared exactly: a subscription's endpoint, a device, a number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain

from connectors.aws.sns.api import DELETED, PENDING, Api, Row
from connectors.aws.sns.settings import ENDPOINTS, NUMBERS, OPT_OUTS, SUBSCRIPTIONS, Settings
from connectors.model import IdentitySpec, Locator, Subject, Trust

# Keys of locators: what stands in the way of a subscription, or of taking a device for the person's.
FREE, WAITING, REMOVED, CLAIMED = "", "pending", "removed", "claimed"
_MAIL = ("email", "email-json")
_E164 = re.compile(r"\+[1-9]\d{7,14}")


class Search:
    """One look at the account."""

    def __init__(self, api: Api, settings: Settings, subject: Subject) -> None:
        self._api = api
        self._settings = settings
        self._subject = subject
        reached = [value.strip() for kind in sorted(settings.reached_at) for value in subject.values(kind)]
        self.emails = {value.casefold() for value in reached if "@" in value}
        self.numbers = sorted({number for value in reached if "@" not in value and (number := e164(value))})

    def at(self, at: Locator) -> Sequence[Row]:
        return [row for key, row in self.rows(at.collection) if key == at.key]

    def rows(self, name: str) -> Sequence[tuple[str, Row]]:
        """Each row with the key of the locator it belongs to."""
        found: dict[str, Callable[[], Sequence[tuple[str, Row]]]] = {
            SUBSCRIPTIONS: lambda: self._subscriptions,
            ENDPOINTS: lambda: self._endpoints,
            NUMBERS: lambda: self._sandbox_numbers,
            OPT_OUTS: lambda: self._opt_outs,
        }
        return found[name]() if name in found else ()

    @cached_property
    def _endpoints(self) -> Sequence[tuple[str, Row]]:
        identities = [i for i in self._settings.collections[ENDPOINTS].identities if i.match]
        asked = [(i, value) for i in identities for value in self._subject.values(i.kind)]
        if not asked:
            return ()
        listed = chain.from_iterable(self._api.endpoints(arn) for arn in self._api.applications())
        found = {str(row["EndpointArn"]): (key, row) for row in listed if (key := _standing(row, asked)) is not None}
        return [found[arn] for arn in sorted(found)]

    @cached_property
    def _subscriptions(self) -> Sequence[tuple[str, Row]]:
        devices = {str(row["EndpointArn"]) for key, row in self._endpoints if key == FREE}
        if not (self.emails or self.numbers or devices):
            return ()
        listed: Iterator[Row] = self._api.subscriptions()
        if self._settings.every_topic:
            listed = chain(listed, chain.from_iterable(self._api.subscriptions_to(arn) for arn in self._api.topics()))
        mine = (row for row in listed if self._is_mine(row, devices))
        found = {(row["TopicArn"], row["Protocol"], row["Endpoint"], row["SubscriptionArn"]): row for row in mine}
        states = {PENDING: WAITING, DELETED: REMOVED}
        return [(states.get(row["SubscriptionArn"], FREE), row) for row in found.values()]

    def _is_mine(self, row: Row, devices: set[str]) -> bool:
        protocol, endpoint = row.get("Protocol"), str(row.get("Endpoint", ""))
        if protocol in _MAIL:
            return endpoint.casefold() in self.emails
        if protocol == "sms":
            return e164(endpoint) in self.numbers
        return protocol == "application" and endpoint in devices

    @cached_property
    def _sandbox_numbers(self) -> Sequence[tuple[str, Row]]:
        if not self._settings.sms or not self.numbers:
            return ()
        listed = {str(row["PhoneNumber"]): row for row in self._api.sandbox_numbers()}
        return [(FREE, row) for number, row in listed.items() if e164(number) in self.numbers]

    @cached_property
    def _opt_outs(self) -> Sequence[tuple[str, Row]]:
        asked = self.numbers if self._settings.sms else ()
        return [(FREE, {"PhoneNumber": number}) for number in asked if self._api.opted_out(number)]


def e164(value: str) -> str:
    """A number as SNS has it; empty for what does not begin with a country's code: it may be anyone's."""
    plain = re.sub(r"[\s().\-/]", "", value)
    return plain if _E164.fullmatch(plain) else ""


def value_of(row: Row, name: str) -> str:
    """What stands in a field, or under a key of it where it is a JSON object."""
    column, _, key = name.partition("->")
    held = str(row.get(column) or "")
    if not key:
        return held
    try:
        parsed = json.loads(held)
    except ValueError:
        return ""
    found = parsed.get(key) if isinstance(parsed, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _standing(row: Row, asked: Sequence[tuple[IdentitySpec, str]]) -> str | None:
    """What a device is to the person; None: nothing. Of two fields that prove something both must name them."""
    agreeing: dict[IdentitySpec, bool] = {}
    for identity, value in asked:
        if held := value_of(row, identity.field):
            agreeing[identity] = agreeing.get(identity, False) or _same(identity.kind, held, value)
    said = {agrees for identity, agrees in agreeing.items() if identity.trust is not Trust.CLAIMED}
    if said == {True}:
        return FREE
    return CLAIMED if any(agreeing.values()) else None


def _same(kind: str, held: str, value: str) -> bool:
    return held.casefold() == value.casefold() if kind.rpartition(".")[2] == "email" else held == value
