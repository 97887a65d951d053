"""The sandbox: every system of Training Tracker that has a fake, up and filled on this machine.

    with Sandbox() as sandbox:
        os.environ.update(sandbox.environ)       # what the inventory's `sandbox` blocks refer to
        before = sandbox.untouched(sandbox.people.bystander)

Another store is one more `Store` in `STORES`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from connectors.sandbox.faults import Faults
from connectors.sandbox.serve import Server
from connectors.sandbox.training_tracker.database import midnight
from connectors.sandbox.training_tracker.people import PEOPLE, People, Person


class Store(Protocol):
    """One system: started on loopback, filled, and read behind the connectors' backs."""

    environ: Mapping[str, str]  # valid once started

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        """Bring it up; `stack` takes it down. `port` 0 is any free one."""

    def plant(self, now: datetime) -> None:
        """Empty it and fill it. Equal `now` gives equal data."""

    def of(self, person: Person) -> object:
        """Everything of one person, comparable by ==."""


class Database:
    """PostgreSQL. `url` is the planted database."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self.url = ""

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        from connectors.sandbox.postgres import EmbeddedPostgres

        self._server = stack.enter_context(EmbeddedPostgres(directory / "postgres"))

    def plant(self, now: datetime) -> None:
        from connectors.sandbox.training_tracker.database import plant_database

        self.url = self._server.fresh("training_tracker")
        plant_database(self.url, now)
        self.environ["DSR_SANDBOX_APP_DB_DSN"] = self.url

    def of(self, person: Person) -> object:
        from connectors.sandbox.training_tracker.database import rows_of

        return rows_of(self.url, person)


class Files:
    """Amazon S3. `aws` is the server of all Amazon services."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        from connectors.sandbox.aws import AwsSandbox

        self.aws = stack.enter_context(AwsSandbox(port=port))
        self.environ.update(
            DSR_SANDBOX_AWS_URL=self.aws.url,
            DSR_SANDBOX_AWS_ACCESS_KEY_ID=self.aws.access_key_id,
            DSR_SANDBOX_AWS_SECRET_ACCESS_KEY=self.aws.secret_access_key,
        )

    def plant(self, now: datetime) -> None:
        from connectors.sandbox.training_tracker.files import plant_files

        self.aws.reset()
        plant_files(self.aws.client("s3"), now)

    def of(self, person: Person) -> object:
        from connectors.sandbox.training_tracker.files import files_of

        return files_of(self.aws.client("s3"), person)


class Payments:
    """Stripe. `fake` is the account, `faults` what makes it misbehave."""

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self.faults: Faults

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        from connectors.sandbox.stripe import StripeFake

        self.fake = StripeFake()
        server = stack.enter_context(Server(self.fake, port))
        self.faults = server.faults
        self.environ.update(DSR_SANDBOX_STRIPE_URL=server.url, DSR_SANDBOX_STRIPE_API_KEY="sk_sandbox_training_tracker")

    def plant(self, now: datetime) -> None:
        from connectors.sandbox.training_tracker.payments import plant_payments

        self.fake.reset()
        plant_payments(self.fake, now)

    def of(self, person: Person) -> object:
        from connectors.sandbox.training_tracker.payments import payments_of

        return payments_of(self.fake, person)


STORES: Mapping[str, type[Any]] = {"app_db": Database, "files": Files, "billing": Payments}


class Sandbox:
    """A context manager: entering it starts and fills the stores, leaving it takes them down.

    `directory` holds the database's files (default: a temporary one, removed at the end); `ports`
    fixes the port of a store by name; `now` is the instant that ages are counted from (default:
    last midnight, UTC); `only` starts some of the stores.
    """

    people: People = PEOPLE

    def __init__(
        self,
        directory: Path | None = None,
        ports: Mapping[str, int] | None = None,
        *,
        now: datetime | None = None,
        only: Collection[str] = tuple(STORES),
    ) -> None:
        if unknown := sorted({*only, *(ports or {})} - set(STORES)):
            raise ValueError(f"no store {unknown[0]!r} in the sandbox; it has {', '.join(STORES)}")
        self.stores: dict[str, Any] = {name: STORES[name]() for name in STORES if name in only}
        self.now = now or midnight()
        self._directory = directory
        self._ports = dict(ports or {})
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            directory = self._directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dsr-sandbox-")))
            for name, store in self.stores.items():
                store.start(stack, directory, self._ports.get(name, 0))
            self.replant()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def replant(self) -> None:
        """Fill every store anew, at the same addresses. Open connections to the database are cut."""
        for store in self.stores.values():
            store.plant(self.now)

    @property
    def environ(self) -> dict[str, str]:
        """The variables that the inventory's `sandbox` blocks refer to."""
        return {name: value for store in self.stores.values() for name, value in store.environ.items()}

    def untouched(self, person: Person) -> dict[str, object]:
        """Everything of a person by store, read behind the connectors' backs, comparable by ==."""
        return {name: store.of(person) for name, store in self.stores.items()}
