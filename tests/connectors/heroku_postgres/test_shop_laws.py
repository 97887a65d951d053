"""PostgreSQL obeys the laws, over a real server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import ClassVar

import psycopg

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.postgres import EmbeddedPostgres
from connectors.testing import conformance
from tests.connectors.heroku_postgres import shop

_SQL = "a database's protocol has no such answer; lost connections and timeouts have tests of their own"


class PostgresHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "a_fault_is_transient_and_never_an_empty_answer": _SQL,
        "a_fault_during_deletion_is_mended_by_asking_again": _SQL,
        "a_page_that_comes_twice_is_counted_once": _SQL,
        "a_vendor_that_lies_about_a_correction_is_caught": "this world's lie keeps deletions back; test_laws has one",
    }
    subject = Subject.of(Identifier("email", "ann.lee@EXAMPLE.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", "ann.lee2@example.com", Trust.PROVEN))
    canaries = ("ann.lee@example.com", "42 Elm Street", "555-0142", "hash-42")
    never = ("hash-42", "s-42", "5342")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("public.orders", "address"): "7 Oak Lane",
        ("public.order_lines", "remark"): "do not ring",
    }
    refused: ClassVar[Mapping[tuple[str, str], str]] = {("public.Odd Notes", "The Body"): "much too long for it"}
    disclosed = ("Ann.Lee@example.com", "42 Elm Street", "ring twice 42", "555-0142", "note42")

    def start(self) -> None:
        self.server = EmbeddedPostgres()
        self.server.__enter__()
        self.url = self.server.fresh("shop")

    def stop(self) -> None:
        self.server.__exit__()

    def settle(self) -> None: ...

    def plant(self) -> Mapping[str, int]:
        return shop.plant(self.url)

    def spec(self) -> SystemSpec:
        return shop.spec(self.url)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"dsn": Secret(self.url.replace("sandbox:", "nobody_sandbox:"))})

    def untouched(self) -> object:
        return shop.state(self.url)

    def fault(self, fault: Fault, after: int = 0, times: int = 0) -> AbstractContextManager[None]:
        return self._lying() if fault is Fault.LYING else self._nothing()

    @contextmanager
    def _lying(self) -> Iterator[None]:
        """A trigger that keeps rows back and says nothing."""
        with psycopg.connect(self.url, autocommit=True) as c:
            c.execute("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
            c.execute('CREATE TRIGGER keep BEFORE DELETE ON "Odd Notes" FOR EACH ROW EXECUTE FUNCTION keep()')
            yield
            c.execute("DROP FUNCTION keep CASCADE")

    @contextmanager
    def _nothing(self) -> Iterator[None]:
        yield


TestPostgres = conformance(PostgresHarness)
