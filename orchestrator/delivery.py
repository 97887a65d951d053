"""Handing a package over: to whom and how, sealed for every way, collected, destroyed.

The law's order: to the account if there is one, otherwise by mail or electronically, as the person chooses
(Cal. Civ. Code 1798.130(a)(2)(A)); never to an address that only a vendor's record told.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from connectors.model import Action, Identifier, Subject, Trust
from orchestrator import canonical
from orchestrator.errors import NotAllowedError, OrchestratorError, UnknownError
from orchestrator.journal import State
from orchestrator.lifetimes import Lifetimes
from orchestrator.model import Right, Verification
from orchestrator.package.sealing import checked, passphrase, remove, seal
from orchestrator.packages import KEPT_FOR, Delivered, Packages

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


class Channel(StrEnum):
    """How a package is handed over."""

    ACCOUNT = "account"
    MAIL = "mail"
    ELECTRONIC = "electronic"


class AddressFrom(StrEnum):
    """Where the address stands that it goes to."""

    REQUEST = "request"  # the person gave it, and it was verified
    ACCOUNT = "account"  # in our own record of their account
    VENDOR = "vendor"  # in a vendor's record only: never


@dataclass(frozen=True, slots=True)
class Way:
    """How it goes out. `address` is compared and forgotten; a postal one is not given."""

    channel: Channel
    reauthenticated: str = ""  # how the person signed in again, for the account
    address_from: AddressFrom | None = None
    address: str = ""  # of an electronic delivery
    instead: str = ""  # why it does not go to the account although there is one


@dataclass(frozen=True, slots=True)
class Sealed:
    """A package ready to go. The passphrase is in this value and nowhere else."""

    delivered: Delivered
    passphrase: str
    sha256: str
    bytes: int


class Delivery(Packages, Lifetimes):
    """The use cases of handing over."""

    def deliver(self, request: str, package: Path, way: Way) -> Sealed:
        """Seal a package that `export` wrote, record how it goes out, and delete it in clear.

        The sealed file lies in STATE/packages until it is destroyed, 30 days from now at the latest.
        NotAllowedError if the way is not the person's, a file is still to be looked at, or the package changed.
        """
        self.actor.require("export")
        verification = self.verification(request)
        self.strong_enough(verification, Right.ACCESS)
        if (state := self.journal.state(request)) in (State.CANCELLED, State.DENIED):
            raise NotAllowedError(f"{request} was {state}")
        with self.journal.lease(f"package:{request}"):
            manifest = self._ours(request, package)
            self._all_looked_at(request, manifest)
            self._way(request, verification, way)
            sealed = self._seal(request, package, manifest, way)
        with suppress(OrchestratorError):  # the passphrase is told once, whatever comes of that
            self.forget_answered(request)
        return sealed

    def collected(self, request: str, at: datetime | None = None) -> Delivered:
        """Record that the person has the package: it was opened in the account, or came."""
        self.actor.require("export")
        last = self._last_delivered(request)
        if last.collected:
            raise NotAllowedError(f"{last.package} was collected on {last.collected:%Y-%m-%d} already")
        at = at or self.now()
        if at > self.now() + timedelta(minutes=5) or at.date() < last.at.date():
            raise NotAllowedError("it was collected after it was delivered, and not in the future")
        self.journal.append(request, "package_collected", self.actor.id, {"at": canonical.plain(at)}, last.package)
        return self._last_delivered(request)

    def destroy(self, request: str, package: Path | None = None, *, gone: bool = False) -> int:
        """Destroy what is left of a request's packages; returns how many.

        Without `package` the sealed ones. With it, one in clear. `gone`: those in clear were deleted by hand.
        """
        self.actor.require("export")
        self.request(request)
        count = self._destroy(request, package, gone)
        self.forget_answered(request)
        return count

    def _destroy(self, request: str, package: Path | None, gone: bool) -> int:
        if package is not None:
            manifest = self._ours(request, package)
            remove(package)
            return self._note_destroyed(request, manifest, "", "clear")
        if gone:
            return sum(
                self._note_destroyed(request, e.payload["manifest"], "", "by hand") for e in self.in_clear(request)
            )
        return sum(self._unseal(d) for d in self.deliveries(request) if d.destroyed is None)

    def destroy_overdue(self) -> int:
        """Destroy every sealed package whose 30 days are over, and what nothing is known of; returns how many."""
        self.actor.require("export")
        over = [d for d in self.deliveries() if d.destroyed is None and d.until <= self.now()]
        return sum(map(self._unseal, over)) + self._without_strays()

    def _without_strays(self) -> int:
        """Delete sealed files that were never recorded, because sealing was cut short, or whose record was purged."""
        known = {d.file for d in self.deliveries() if d.destroyed is None}
        folder, a_day_ago = self.sealed("p").parent, (self.now() - timedelta(days=1)).timestamp()
        strays = [p for p in folder.glob("p-*.zip") if str(p) not in known and p.stat().st_mtime < a_day_ago]
        for path in strays:
            path.unlink()
        return len(strays)

    def _unseal(self, delivered: Delivered) -> int:
        delivered.path.unlink(missing_ok=True)
        return self._note_destroyed(delivered.request, delivered.manifest, delivered.package, "sealed")

    def _note_destroyed(self, request: str, manifest: str, package: str, what: str) -> int:
        told = {"package": package, "manifest": manifest, "what": what}
        self.journal.append(request, "package_destroyed", self.actor.id, told)
        return 1

    def _seal(self, request: str, package: Path, manifest: str, way: Way) -> Sealed:
        name = "p-" + "".join(secrets.choice(_LETTERS) for _ in range(10))
        path, phrase, until = self.sealed(name), passphrase(), self.now() + KEPT_FOR
        path.parent.mkdir(mode=0o700, exist_ok=True)
        sha = seal(package, path, phrase)
        told = {
            "channel": way.channel, "address_from": way.address_from or "", "method": way.reauthenticated.strip(),
            "reason": way.instead.strip(), "sha256": sha, "bytes": path.stat().st_size, "manifest": manifest,
            "until": canonical.plain(until),
        }  # fmt: skip
        with _or_nothing(path):
            self.journal.append(request, "package_delivered", self.actor.id, told, name)
        remove(package)
        return Sealed(self._last_delivered(request), phrase, sha, told["bytes"])

    def _ours(self, request: str, package: Path) -> str:
        """The hash of its manifest, if it is a package of this request as it was written."""
        told, manifest = checked(package)
        known = {e.payload["manifest"] for e in self.journal.entries(request, "exported")}
        if told.get("request") != request or manifest not in known:
            raise NotAllowedError(f"{package} is no package of {request}")
        return manifest

    def _all_looked_at(self, request: str, manifest: str) -> None:
        last = self._last_export(request)
        if last is None or last.payload["manifest"] != manifest:
            raise NotAllowedError("a later package was exported: deliver that one, and destroy this")
        if waiting := [h for h in self.held_files(request) if not h.decided]:
            raise NotAllowedError(f"{len(waiting)} files are still to be looked at: dsr package review {request}")
        if any(h.decided == "release" for h in self.held_files(request)):
            raise NotAllowedError(f"files were released since it was written: export it again, dsr export {request}")

    def _way(self, request: str, verification: Verification, way: Way) -> None:
        account = self._has_account(request)
        if way.channel is Channel.ACCOUNT:
            if account is False:
                raise NotAllowedError("no account of the person was found: by mail or electronically, as they choose")
            if not way.reauthenticated.strip():
                raise NotAllowedError("into an account only after signing in again: --reauthenticated HOW")
            return
        if account and not way.instead.strip():
            raise NotAllowedError("the person has an account, and the package goes there; otherwise say why: --instead")
        if way.address_from is None:
            raise NotAllowedError("say where the address stands: --address-from request or account")
        if way.address_from is AddressFrom.VENDOR:
            raise NotAllowedError("never to an address that only a vendor's record told: ask the person for one")
        if way.channel is Channel.ELECTRONIC and not self._theirs(request, verification, way):
            raise NotAllowedError(f"the address is not one that is proven to be the person's by the {way.address_from}")

    def _theirs(self, request: str, verification: Verification, way: Way) -> bool:
        if way.address_from is AddressFrom.REQUEST:
            known = [i for i in self.identifiers(request, verification) if i.trust is Trust.PROVEN]
        else:
            known = [i for i in self._identified(request) if i.opens and _place(i) in self.inventory.accounts]
        return any(i.value == self.inventory.normalise(i.kind, way.address) for i in known)

    def _identified(self, request: str) -> frozenset[Identifier]:
        digest = self.journal.latest_plan(request)
        kept = self.workspace.vault.open(request).get_json(f"plan:{digest}")
        subject: Subject = canonical.decode(Subject, kept["subject"])
        return subject.identifiers

    def _has_account(self, request: str) -> bool | None:
        """Whether a search found an account; None if the inventory does not say where accounts are."""
        digest = self.journal.latest_plan(request)
        if not self.inventory.accounts or digest is None:
            return None
        steps = self.journal.plan(digest).steps
        return any(
            s.count and f"{s.system}/{s.collection}" in self.inventory.accounts and s.action is not Action.MANUAL
            for s in steps
        )  # fmt: skip

    def _last_delivered(self, request: str) -> Delivered:
        self.request(request)
        if not (found := self.deliveries(request)):
            raise UnknownError(f"no package of {request} was delivered: dsr package deliver {request}")
        return found[-1]


def _place(identifier: Identifier) -> str:
    """ "system/collection" of an identifier's origin "system/collection.field"."""
    return identifier.origin.rpartition(".")[0]


@contextmanager
def _or_nothing(path: Path) -> Iterator[None]:
    """What was not journalled was not made."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
