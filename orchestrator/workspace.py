"""One installation: an inventory, a state directory, and the connectors between them.

STATE/journal.sqlite   what was intended, approved and done; the encrypted vault
STATE/master.key       wraps the vault's keys, unless DSR_MASTER_KEY_REF names others (env:, file:, keyring:, kms:)
STATE/receipt.key      signs receipts; receipt.former.pub.pem has the public keys of those it replaced
STATE/mode             sandbox or live: one is never used as the other
STATE/pace.sqlite      when each system may be called next; safe to lose
STATE/receipts/        what was signed
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import connectors
from connectors import copies
from connectors.errors import RefusedError, TransientError
from connectors.isolation import strip_ambient
from connectors.model import Action, Capabilities, Gate, Subject
from connectors.protocol import Connector
from orchestrator import signing
from orchestrator.abilities import mailing
from orchestrator.errors import BusyError, NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.journal import Journal
from orchestrator.pace import Pace, Rate
from orchestrator.pause import paused_systems
from orchestrator.signing import SigningKey
from orchestrator.storage.masters import masters
from orchestrator.storage.ring import Ring
from orchestrator.storage.slots import slot
from orchestrator.vault import MasterKey, Vault
from orchestrator.wrap import LONGEST_WAIT, Admitted, Logged, Retried, Traced

GateFor = Callable[[str], Gate]


@dataclass
class Workspace:
    """Opened state. Use as a context manager."""

    root: Path
    inventory: Inventory
    journal: Journal
    vault: Vault
    pace: Pace
    ring: Ring | None = None  # the master keys, if they are lines of a file that can be changed
    _known: dict[str, tuple[Capabilities, bool]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def open(cls, root: Path, inventory: Inventory, environ: Mapping[str, str] = os.environ) -> Workspace:
        """Open or create the state directory (mode 0700).

        In sandbox mode the process first loses every live-looking credential. Raises
        NotAllowedError if the state belongs to the other mode.
        """
        if inventory.sandbox:
            strip_ambient()
        _own(root)
        _bind_mode(root / "mode", "sandbox" if inventory.sandbox else "live")
        journal = Journal.open(environ.get("DSR_DATABASE_URL") or str(root / "journal.sqlite"))
        if not (reference := environ.get("DSR_MASTER_KEY_REF", "")):
            MasterKey.ensure(root / "master.key")
            reference = f"file:{root / 'master.key'}"
        named = partial(masters, reference, journal.store)
        pace = Pace(journal.store) if journal.store.path is None else Pace.open(root / "pace.sqlite")
        vault = Vault(journal, *named(), again=named)
        journal.names = vault.names
        return cls(root, inventory, journal, vault, pace, Ring.of(reference))

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.pace.close()
        self.journal.close()

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs receipts; made on first use."""
        return SigningKey.ensure(self.root / "receipt.key")

    @property
    def public_keys(self) -> list[Ed25519PublicKey]:
        """What verifies this installation's receipts, the newest first. A replaced key verifies what it signed."""
        return signing.public_keys(self.public_pem())

    def public_pem(self) -> bytes:
        """The same, for others: one file of all keys."""
        former = self._former.read_bytes() if self._former.exists() else b""
        return self.signing_key.public_pem() + former

    def rotate_signing_key(self) -> str:
        """Sign with a new key from now on; the id of the one it replaces, which is destroyed."""
        former = self.signing_key
        private_file(self._former, self.public_pem())
        SigningKey.replace(self.root / "receipt.key")
        del self.signing_key
        return former.key_id

    @property
    def _former(self) -> Path:
        return self.root / "receipt.former.pub.pem"

    def connector(
        self, system: str, now: datetime, gate: Gate | None = None, existed: datetime | None = None,
        organisation: str = "",
    ) -> Connector:  # fmt: skip
        """The connector of one inventory entry, wrapped in the one retry policy and the log."""
        pace = self._pace_of(system)
        spec = self.inventory.spec(system, now=now, pace=pace, existed=existed, organisation=organisation)
        spec = spec if gate is None else replace(spec, gate=gate)
        retried = Retried(connectors.build(spec), asked_to_wait=partial(self.pace.hold, system))
        return Logged(Traced(Admitted(retried, partial(self._admitted, system))))

    @contextmanager
    def _admitted(self, system: str) -> Iterator[None]:
        """Around every verb: refused while staff have paused the system, and no more at a time than it bears."""
        if why := paused_systems(self.journal).get(system):
            raise RefusedError(system, f"is paused: {why}. Go on: dsr resume --system {system}")
        limit = self.inventory.system(system).concurrency
        if limit is None:
            yield
            return
        with ExitStack() as held:
            try:
                held.enter_context(slot(self.journal.store, f"calls to {system}", limit, LONGEST_WAIT))
            except BusyError:
                raise TransientError(system, "others keep it busy", LONGEST_WAIT, for_all=False) from None
            yield

    def _pace_of(self, system: str) -> Callable[[], None]:
        entry = self.inventory.system(system)
        rate = entry.sandbox_rate if self.inventory.sandbox else entry.rate
        return partial(self.pace.wait, system, Rate(*rate) if rate else None)

    def connectors(self, now: datetime, gate_for: GateFor | None = None) -> dict[str, Connector]:
        """Every system that has a connector, in the inventory's order."""
        gates = {name: gate_for(name) if gate_for else None for name in self._connected()}
        return self._remembered({name: self.connector(name, now, gate) for name, gate in gates.items()})

    def _remembered(self, made: dict[str, Connector]) -> dict[str, Connector]:
        """What hangs on the kind of a connector, and not on the day, is known from the last that were built."""
        mails = mailing(made)
        self._known = {name: (connector.capabilities, name in mails) for name, connector in made.items()}
        return made

    def _connected(self) -> list[str]:
        return [name for name, system in self.inventory.systems.items() if not system.manual]

    def reached(self, now: datetime, existed: Mapping[str, datetime] | None = None) -> dict[str, Connector]:
        """What a search reaches: every system, or of a replay (`existed`) the restored ones, in which what came later
        is told apart, and their copies."""
        if existed is None:
            return self.connectors(now)
        opened = {copies.kind(name) for name in existed}
        made = {name: self.connector(name, now, existed=existed.get(name)) for name in self._connected()}
        connectors = self._remembered(made)
        return {n: c for n, c in connectors.items() if n in existed or c.capabilities.needs & opened}

    @property
    def capabilities(self) -> dict[str, Capabilities]:
        """What each system that has a connector can do."""
        if not self._known:
            self.connectors(datetime.now(UTC))
        return {name: able for name, (able, _) in self._known.items()}

    def instructed(self, now: datetime, organisation: str, gate_for: GateFor | None = None) -> dict[str, Connector]:
        """What a customer organisation's instruction reaches: systems that can be told to reach its rows only, with
        that said to them, and their copies, which nobody changes."""
        plain = self.connectors(now, gate_for)
        able = {n for n, c in plain.items() if c.capabilities.organisations and self._tells_apart(n)}
        opened = {copies.kind(name) for name in able}
        narrow = {n: self.connector(n, now, gate_for(n) if gate_for else None, organisation=organisation) for n in able}
        return {n: narrow.get(n, c) for n, c in plain.items() if n in able or c.capabilities.needs & opened}

    def _tells_apart(self, system: str) -> bool:
        return any(c.spec.organisation for c in self.inventory.systems[system].collections.values())

    def hashes(self, request: str, subject: Subject) -> frozenset[str]:
        """Hashes, under the request's own key, of the identifiers by which anybody looks for a person: those given,
        and those by which a system is searched."""
        needs = {kind for able in self.capabilities.values() for kind in able.needs}
        named = (i for i in subject.identifiers if "/" not in i.origin or i.kind in needs)
        tag = self.vault.open(request).tag
        return frozenset(tag(i.kind, i.value) for i in named if not copies.is_kind(i.kind))

    @property
    def mailing(self) -> frozenset[str]:
        """Systems that can keep a person from being written to."""
        return frozenset(name for name in self.capabilities if self._known[name][1])

    @property
    def redacting(self) -> frozenset[str]:
        """Systems that can empty some fields of a row and keep the others."""
        return frozenset(name for name, able in self.capabilities.items() if Action.REDACT in able.actions)

    @property
    def unexported(self) -> frozenset[str]:
        """Systems and collections ("system/collection") that no call hands out."""
        silent = {name for name, able in self.capabilities.items() if not able.exports}
        return frozenset(silent | {f"{n}/{c}" for n, able in self.capabilities.items() for c in able.unexported})

    def not_connected(self) -> dict[str, str]:
        """Systems without a connector and why they are not searched by machine."""
        return {
            name: f"no connector: {system.owner} searches and deletes by hand"
            for name, system in self.inventory.systems.items()
            if system.manual
        }

    def authorities(self) -> dict[str, tuple[tuple[str, str], ...]]:
        return {kind: self.inventory.authorities(kind) for kind in self.inventory.kinds}


def _own(root: Path) -> None:
    """Make the state directory this user's alone."""
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        root.chmod(0o700)
    except FileExistsError:
        raise NotAllowedError(f"{root} is no directory; name another --state") from None
    except PermissionError:
        raise NotAllowedError(f"{root} is not this user's own; name another --state") from None
    if os.getuid() and root.stat().st_uid != os.getuid():
        raise NotAllowedError(f"{root} is another user's, who could change what is in it; name another --state")


def _bind_mode(path: Path, mode: str) -> None:
    try:
        with path.open("x") as new:
            new.write(mode)
    except FileExistsError:
        if (was := path.read_text().strip()) != mode:
            raise NotAllowedError(
                f"{path.parent} holds the state of a {was} installation, not of a {mode} one; name another --state"
            ) from None


def private_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    draft.replace(path)
