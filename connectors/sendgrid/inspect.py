"""What can be told of the key and the account before a request needs them.

Scopes: https://www.twilio.com/docs/sendgrid/ui/account-and-settings/teammate-permissions. What the
plan has is tried with an address that is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import AuthError, ConfigError
from connectors.model import Aspect, Identifier, Probe, Subject, SystemSpec, Trust
from connectors.probes import NOBODYS_ADDRESS, said, tried
from connectors.sendgrid.api import Account, Api
from connectors.sendgrid.search import ERASE, Search
from connectors.sendgrid.settings import LEGACY, LOGS, MESSAGES, REST, SUPPRESSIONS, VERIFIED, Settings
from connectors.sendgrid.vocabulary import NO_ERASURE, SCOPES

_OPT_OUT = "asm.suppressions.global.create"
_LAST = 2**31 - 1  # no verified sender comes after it
_AGREE = {
    MESSAGES: "the plan has no Email Activity history: set messages: false, or add it to the plan",
    LEGACY: "the former product is not in use: set legacy_contacts: false",
    LOGS: "the plan has no e-mail logs: set email_logs: false",
    VERIFIED: "list verified_senders under not_in_plan if the plan lacks them",
}
_UNTOLD = "no scope is documented for deleting contacts: whether the key may is seen when one is deleted"


def lacking(have: frozenset[str], without: frozenset[str]) -> list[str]:
    """The scopes that searching every collection needs and that are not among those there are."""
    missing = {
        " or ".join(ways) for name, ways in SCOPES.items() if name not in without and not have.intersection(ways)
    }
    return sorted(missing)


class Inspection:
    """One look at an account, its subusers and its key."""

    def __init__(self, spec: SystemSpec, api: Api, settings: Settings) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        nobody = (Identifier(kind, NOBODYS_ADDRESS, Trust.PROVEN) for kind in settings.kinds.email)
        self._search = Search(spec.system, api, settings, Subject.of(*nobody))

    def probes(self) -> Iterator[Probe]:
        """Raises AuthError if SendGrid does not know the key."""
        main = self._search.main
        self._search.scopes(main)
        yield Probe(Aspect.REACH, True, "SendGrid answers and takes the key")
        accounts: tuple[Account, ...] = (main,)
        try:
            accounts = self._search.accounts
        except ConfigError as error:
            yield Probe(Aspect.INVENTORY, False, said(self._spec.system, error))
        except AuthError as error:
            yield Probe(Aspect.LOCATE, False, f"{said(self._spec.system, error)}; set subusers: [] if there are none")
        else:
            yield from self._subusers()
        for account in accounts:
            yield from self._scopes(account, f"subuser {account.id}" if account.name else "the account")
        yield from self._plan(main)
        yield Probe(Aspect.EXPORT, True, "hands out what is found, by no other scope")
        yield Probe(Aspect.DELETE, None, _UNTOLD)

    def _subusers(self) -> Iterator[Probe]:
        named = self._settings.subusers
        if named is None:
            yield Probe(Aspect.INVENTORY, True, f"{len(self._search.accounts) - 1} subusers, all of them searched")
            return
        status, answer = self._api.get(
            "subusers", doing="counting subusers", account=self._search.main, query={"limit": len(named) + 1},
            accept=(200, 401, 403, 404),
        )  # fmt: skip
        more = status == 200 and len(self._api.listed(answer, "counting subusers")) > len(named)
        if more and not named:
            says = "the account has subusers, and the inventory says none: nothing of theirs is searched"
            yield Probe(Aspect.INVENTORY, False, says)
        elif more:
            yield Probe(Aspect.INVENTORY, None, "the account has subusers that the setting 'subusers' leaves out")
        else:
            yield Probe(Aspect.INVENTORY, True, f"{len(named)} subusers, all of them searched")

    def _scopes(self, account: Account, where: str) -> Iterator[Probe]:
        try:
            have = self._search.scopes(account)
        except AuthError as error:
            yield Probe(Aspect.LOCATE, False, f"{where}: {said(self._spec.system, error)}")
            return
        if missing := lacking(have, self._settings.without):
            says = f"{where}: the key lacks the scopes {', '.join(missing)}; add them, or list what the plan lacks"
            yield Probe(Aspect.LOCATE, False, f"{says} under not_in_plan")
        else:
            yield Probe(Aspect.LOCATE, True, f"{where}: the key has every scope to search")
        if not {MESSAGES, LOGS, REST} <= self._settings.without:
            may = ERASE in have
            yield Probe(Aspect.DELETE, may, f"{where}: {'the key may ask for erasure' if may else NO_ERASURE}")
        for needed, why in self._writes():
            if not have.intersection(needed):
                says = f"{where}: the key lacks the scope {' or '.join(needed)}, without which {why}"
                yield Probe(Aspect.DELETE, False, says)

    def _writes(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Scopes that deleting needs, and what is not done without them."""
        yield (_OPT_OUT,), "no opt-out is entered, and no contact deleted while that is required"
        if LEGACY not in self._settings.without:
            yield ("marketing_campaigns.delete",), "legacy contacts stay"
        for collection in self._spec.collections:
            if collection.name in SUPPRESSIONS and collection.options.get("erase") is True:
                # Who may delete a group may not therefore take an address out of it.
                reads = [scope for scope in SCOPES[collection.name] if scope != "asm.groups.read"]
                ways = tuple(scope.removesuffix(".read") + ".delete" for scope in reads)
                yield ways, f"{collection.name} stay"

    def _plan(self, main: Account) -> Iterator[Probe]:
        """The stores that plans differ in, whether the inventory says that they are there or not."""
        system, without = self._spec.system, self._settings.without
        for name in (MESSAGES, LEGACY, LOGS) if self._search.emails else ():
            if name not in without:
                what = f"{name} can be searched"
                yield tried(system, Aspect.PLAN, what, self._ask, name, main, way=_AGREE[name])
            elif self._is_there(name, main):
                says = f"{name}: the account has some, and the inventory says that it has none: they are not searched"
                yield Probe(Aspect.INVENTORY, False, says)
        if VERIFIED not in without:
            what, way = "verified senders can be listed", _AGREE[VERIFIED]
            yield tried(system, Aspect.LOCATE, what, self._ask_verified, main, way=way)

    def _ask(self, name: str, main: Account) -> None:
        if name == LEGACY:
            self._search.rows(name, main)
        else:  # of the account alone: Email Activity takes few calls a minute
            list(self._search.mail(name).to(NOBODYS_ADDRESS, main, main))

    def _ask_verified(self, main: Account) -> None:
        query = {"limit": 1, "lastSeenID": _LAST}
        self._api.get("verified_senders", doing="listing verified senders", account=main, query=query)

    def _is_there(self, name: str, main: Account) -> bool:
        """Whether a store answers that is said not to be there; of the former product, whether it holds anybody."""
        doing, accept = f"looking for {name}", (200, 400, 401, 403, 404)
        if name == LEGACY:
            status, answer = self._api.get("contactdb", "recipients", "count", doing=doing, account=main, accept=accept)
            return status == 200 and isinstance(answer, dict) and bool(answer.get("recipient_count"))
        if name == MESSAGES:
            query = {"query": f'to_email="{NOBODYS_ADDRESS}"', "limit": 1}
            return self._api.get("messages", doing=doing, account=main, query=query, accept=accept)[0] == 200
        body = {"query": f"to_email = '{NOBODYS_ADDRESS}'", "limit": 1}
        return self._api.post("logs", doing=doing, account=main, body=body, accept=accept)[0] == 200
