"""The connector to rows inside files on S3: reads the inventory, and puts searching, exporting and erasing together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors import settings
from connectors.aws.lake import survey
from connectors.aws.lake.erase import Eraser
from connectors.aws.lake.export import export
from connectors.aws.lake.inspect import inspect
from connectors.aws.lake.records import file_of, records, shares
from connectors.aws.lake.rewriting import Rewritten, rewrite_object
from connectors.aws.lake.rules import Rules
from connectors.aws.lake.search import Searcher
from connectors.aws.s3.bucket import Bucket, watch
from connectors.aws.session import client
from connectors.errors import ChangedError, ConfigError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Locator,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.surveys import Found

_KNOWN = frozenset({"page_size", "account_id", "unpacked_bytes", "part_bytes", "tries"})
_MEBI = 1024**2


class LakeConnector:
    """Rows of one person in the files of one account."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self._spec = spec
        self.system = spec.system
        limit = settings.whole(spec, "unpacked_bytes", 64 * 1024**3, 1)
        self._rules = {c.name: Rules.of(spec.system, c, limit) for c in spec.collections}
        self._rewriting: dict[str, Any] = {
            "part": settings.whole(spec, "part_bytes", 16 * _MEBI, 5 * _MEBI, 5 * 1024**3),
            "tries": settings.whole(spec, "tries", 5, 1, 100),
        }
        page_size = settings.whole(spec, "page_size", 1000, 1, 1000)
        account = spec.settings.get("account_id")
        if account is not None and not (isinstance(account, str) and len(account) == 12 and account.isdigit()):
            raise ConfigError(spec.system, "settings.account_id: the twelve digits, in quotes")
        owner = {"ExpectedBucketOwner": account} if account else {}
        needs = frozenset[str]().union(*(r.kinds for r in self._rules.values()))
        self.capabilities = Capabilities(needs, frozenset({Action.DELETE}))
        s3: Any = client(spec, "s3", _KNOWN)
        watch(s3)
        self._buckets = {n: Bucket(spec.system, r.bucket, s3, page_size, owner) for n, r in self._rules.items()}

    def check(self) -> None:
        for bucket in {b.name: b for b in self._buckets.values()}.values():
            bucket.prove()

    def inspect(self) -> Iterator[Probe]:
        """What the policy allows in each bucket, as far as reading tells, and what the bucket keeps."""
        yield from inspect(self.system, self._buckets, self._rules)

    def survey(self) -> Iterator[Found]:
        """The columns of the newest file of every collection."""
        yield from survey.survey(self._buckets, self._rules, {c.name: c for c in self._spec.collections})

    def mentions(self) -> Mapping[str, str]:
        return survey.mentions(self._rules)

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """Values of the first rows of the newest file."""
        yield from survey.sample(self._buckets[found.collection], self._rules[found.collection], most)

    def locate(self, subject: Subject) -> Iterator[Record]:
        for spec in self._spec.collections:
            rules, search = self._rules[spec.name], self._searcher(subject, spec.name)
            if not search.people:
                continue
            for file in search.files(rules.prefix):
                yield from records(self.system, spec, file, rules.expire_days)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        self._known(at)
        search = self._searcher(subject, at.collection)
        held = shares(search.file(file_of(at)), at, search.rules.expire_days)
        number = hashlib.sha256(f"{at.key}|{at.since}|{at.before}".encode()).hexdigest()[
            :12
        ]  # not the key: it may name
        yield from export(search, self._spec.collection(at.collection), at, held, number)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        for order in orders:
            self._known(order.at)
        searchers = {name: self._searcher(subject, name) for name in {o.at.collection for o in orders}}
        return Eraser(self.system, searchers, self._spec.gate, self._rewriting).run(orders)

    def remove(self, collection: str, key: str, people: Iterable[Subject]) -> Rewritten | None:
        """Take the rows of many people out of one file in one pass: for what is due for all of them at once.

        The current version only; None if there is no such file. Calls the gate right before the write.
        """
        rules = self._rules[collection]
        return rewrite_object(
            self._buckets[collection], key, rules.layout, rules.people(*people),
            before_write=lambda tally: self._spec.gate(collection), **self._rewriting,
        )  # fmt: skip

    def _searcher(self, subject: Subject, name: str) -> Searcher:
        rules = self._rules[name]
        return Searcher(self._buckets[name], rules, rules.people(subject), name, subject)

    def _known(self, at: Locator) -> None:
        if at.collection not in self._rules:
            raise ChangedError(self.system, f"{at.collection}: the inventory has no such collection any more")
