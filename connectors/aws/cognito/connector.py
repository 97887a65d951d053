"""The connector to user pools: reads the inventory, and puts searching, exporting and erasing together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from connectors.aws.answers import watch
from connectors.aws.cognito.erase import BY_HAND, DELETING, UNTOUCHED, Eraser
from connectors.aws.cognito.export import artifact
from connectors.aws.cognito.pool import EXTRAS, OpenPool, Pool, Row
from connectors.aws.cognito.search import OWN, STANDINGS, Found, created, reveals, search, whole
from connectors.aws.cognito.trust import writable
from connectors.aws.session import client
from connectors.errors import ChangedError, ConfigError
from connectors.model import (
    Action,
    Artifact,
    Aspect,
    Capabilities,
    CollectionSpec,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.settings import names
from connectors.settings import whole as whole_number

_KNOWN = frozenset({"page_size", "other_pools"})
_OPTIONS = frozenset({"pool", "identity_pool"})
AGE = "UserCreateDate"
_MOST_USERS = 60  # of one answer
_NOTE = "disables, signs out and deletes the sign-in account; tokens that were issued hold until they expire"


class CognitoConnector:
    """The user pools of one account and region that the inventory names."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self.system = spec.system
        self._spec = spec
        self._others = frozenset(names(spec, "other_pools"))
        page_size = whole_number(spec, "page_size", _MOST_USERS, 1, _MOST_USERS)
        idp: Any = client(spec, "cognito-idp", _KNOWN)
        watch(idp, spec.system)
        self._pools: dict[str, Pool] = {}
        self._identity_pools: list[str] = []
        for collection in spec.collections:
            if pool := _checked(spec.system, collection):
                self._pools[collection.name] = Pool(spec.system, pool, idp, page_size)
            else:
                self._identity_pools.append(collection.name)
        if not self._pools:
            raise ConfigError(spec.system, "collections: none; name each user pool as a collection, with options.pool")
        kinds = {i.kind for c in spec.collections for i in c.identities if i.match}
        self.capabilities = Capabilities(frozenset(kinds), frozenset({Action.DELETE}))

    def check(self) -> None:
        """Prove every permission that reading needs, and that the inventory knows every pool there is.

        Raises ConfigError naming a pool that is neither a collection nor among `other_pools`.
        """
        for unknown in self._prove():
            raise ConfigError(self.system, unknown)

    def inspect(self) -> Iterator[Probe]:
        """What reading needs, proven; what deleting needs, named; fields that people can write themselves; and pools
        that the inventory does not know."""
        unknown = self._prove()
        yield Probe(Aspect.REACH, True)
        yield Probe(Aspect.LOCATE, True, "users, groups, devices and sign-in events")
        yield Probe(Aspect.DELETE, None, f"needs {DELETING}; shown only by deleting")
        for name, pool in self._pools.items():
            yield from writable(pool.at(pool.id), self._spec.collection(name))
        yield from (Probe(Aspect.INVENTORY, False, says) for says in unknown)

    def _prove(self) -> list[str]:
        opened = [pool.at(pool.id) for pool in self._pools.values()]
        for pool in opened:
            pool.prove()
        known = {pool.id for pool in opened} | self._others
        there = next(iter(self._pools.values())).siblings()
        unknown = [row["Id"] for row in there if not {row["Id"], row.get("Name")} & known]
        return [f"the user pool {n} is in no collection; add it, or name it in settings.other_pools" for n in unknown]

    def locate(self, subject: Subject) -> Iterator[Record]:
        has_account = False
        for name in self._pools:
            pool, found = self._search(subject, name)
            spec = self._spec.collection(name)
            for since, before in pairwise([None, *spec.cutoffs, None]):
                for standing in STANDINGS:
                    at = Locator(self.system, name, standing, since, before)
                    if accounts := found.at(at):
                        has_account |= standing == OWN
                        yield self._record(pool, spec, at, accounts)
        for name in self._identity_pools if has_account else ():
            yield Record(Locator(self.system, name), 0, obstacles=(Obstacle(ObstacleKind.BY_HAND, BY_HAND),))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Accounts with groups, devices and sign-in events; nothing of an account that is not proven."""
        if at.collection in self._identity_pools or at.key != OWN:
            return
        pool, found = self._search(subject, at.collection)
        yield from artifact(pool, self._spec.collection(at.collection), found.at(at))

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Carry out the orders; see `erase`."""

        def look(name: str) -> tuple[OpenPool, Found] | None:
            return None if name in self._identity_pools else self._search(subject, name)

        return Eraser(self.system, look, self._spec.gate).run(orders)

    def _search(self, subject: Subject, name: str) -> tuple[OpenPool, Found]:
        if name not in self._pools:
            raise ChangedError(self.system, f"{name}: the inventory has no such collection any more")
        pool = self._pools[name].at(self._pools[name].id)
        return pool, search(pool, self._spec.collection(name), subject)

    def _record(self, pool: OpenPool, spec: CollectionSpec, at: Locator, accounts: Sequence[Row]) -> Record:
        own = at.key == OWN
        listed = [n for n in EXTRAS if any(f.name == n and f.redactable for f in spec.fields)]
        full = [whole(pool, row, listed) for row in accounts] if own else accounts
        ages = sorted(age for row in accounts if (age := created(row)))
        return Record(
            at,
            len(accounts),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=tuple((f.name, sum(bool(row.get(f.name)) for row in full)) for f in spec.fields if f.redactable),
            reveals=reveals(self.system, spec, accounts) if own else (),
            obstacles=() if own else (Obstacle(ObstacleKind.CLAIMED, UNTOUCHED[at.key]),),
            people=len(accounts) if spec.one_per_person else 1,
            note=_NOTE if own else "",
        )


def _checked(system: str, spec: CollectionSpec) -> str:
    """The pool's id or name; empty for an identity pool. Raises ConfigError naming the option that is wrong."""
    where = f"collections.{spec.name}"
    if unknown := sorted(set(spec.options) - _OPTIONS):
        raise ConfigError(system, f"{where}.options.{unknown[0]}: unknown; known: {', '.join(sorted(_OPTIONS))}")
    given = [(n, v) for n in sorted(_OPTIONS) if (v := spec.options.get(n)) is not None]
    if len(given) != 1 or not isinstance(given[0][1], str) or not given[0][1]:
        raise ConfigError(system, f"{where}.options: either pool or identity_pool, by id or name")
    if (spec.age_field or AGE) != AGE:
        raise ConfigError(system, f"{where}.age: accounts have no age but {AGE!r}")
    if given[0][0] == "identity_pool":
        return ""
    if not any(i.match for i in spec.identities):
        raise ConfigError(system, f"{where}.found_by: say by which attributes a person is found")
    return str(given[0][1])
