"""The sandbox: every system of Training Tracker that has a fake, up and filled on this machine.

    with Sandbox() as sandbox:
        os.environ.update(sandbox.environ)       # what the inventory's `sandbox` blocks refer to
        before = sandbox.untouched(sandbox.people.bystander)

Another store is one more module in `training_tracker/` and one more line in `STORES`.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from connectors.sandbox.store import Store
from connectors.sandbox.training_tracker.events import midnight
from connectors.sandbox.training_tracker.people import PEOPLE, People, Person

# Store -> the module and class under connectors.sandbox.training_tracker, loaded when it is started.
STORES: Mapping[str, str] = {
    "app_db": "database:Database",
    "files": "files:Files",
    "billing": "payments:Payments",
    "sendgrid": "mailings:Mailings",
    "calendly": "appointments:Appointments",
    "papertrail": "logs:Logs",
    "heroku": "backups:Backups",
    "hatchbuck": "relations:Relations",
    "google_analytics": "visits:Visits",
    "gmail": "correspondence:Correspondence",
    "amazon": "amazon:Amazon",
    "tables": "tables:Tables",
    "lake": "lake:Lake",
}


def _store(name: str) -> Store:
    module, _, kind = STORES[name].partition(":")
    store: Store = getattr(importlib.import_module(f"connectors.sandbox.training_tracker.{module}"), kind)()
    return store


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
        self.stores: dict[str, Any] = {name: _store(name) for name in STORES if name in only}
        for name, store in self.stores.items():
            if beside := getattr(store, "beside", None):
                if beside not in self.stores:
                    raise ValueError(f"the store {name!r} lives off the store {beside!r}, which must be started too")
                store.join(self.stores[beside])
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
