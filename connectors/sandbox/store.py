"""What a store of the sandbox is, and the store of a vendor that is one fake over HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from connectors.sandbox.faults import Faults
from connectors.sandbox.serve import Server
from connectors.sandbox.training_tracker.people import Person

if TYPE_CHECKING:
    from connectors.sandbox.aws import AwsSandbox


class Store(Protocol):
    """One system: started on loopback, filled, and read behind the connectors' backs."""

    environ: Mapping[str, str]  # valid once started

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        """Bring it up; `stack` takes it down. `port` 0 is any free one."""

    def plant(self, now: datetime) -> None:
        """Empty it and fill it. Equal `now` gives equal data."""

    def of(self, person: Person) -> object:
        """Everything of one person, comparable by ==."""


class VendorStore(ABC):
    """A vendor's fake. `fake` holds its state, `faults` make it misbehave.

    A subclass names the two variables of its environment and the fake's own credential, makes the
    fake, plants it, and reads one person's data out of it.
    """

    url_variable: ClassVar[str]  # DSR_SANDBOX_…_URL
    path: ClassVar[str] = ""  # of the API at that address
    secret_variable: ClassVar[str]
    secret: ClassVar[str]  # bears the word "sandbox"

    fake: Any
    faults: Faults

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}

    @abstractmethod
    def make(self) -> Any:
        """The fake, a WSGI application."""

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        self.fake = self.make()
        server = stack.enter_context(Server(self.fake, port))
        self.faults = server.faults
        self.environ.update({self.url_variable: server.url + self.path, self.secret_variable: self.secret})

    @abstractmethod
    def plant(self, now: datetime) -> None:
        """As `Store.plant`."""

    @abstractmethod
    def of(self, person: Person) -> object:
        """As `Store.of`."""


class AmazonStore:
    """Stores of further Amazon services, at the server that the store `files` runs and empties."""

    beside: ClassVar[str] = "files"

    def __init__(self) -> None:
        self.environ: dict[str, str] = {}
        self._files: Any

    def join(self, files: Any) -> None:
        """Told before it starts; `files` is planted first."""
        self._files = files

    @property
    def aws(self) -> AwsSandbox:
        found: AwsSandbox = self._files.aws
        return found

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        """Its server runs already, and says where in the environment of `files`."""
