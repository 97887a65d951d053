"""The use cases of the right to correct: what is contested, who has looked at it, and the plan.

Values go into the request's vault and nowhere else; the journal names attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from connectors.model import Disclosure
from orchestrator import canonical, receipt
from orchestrator.attachment import content_of
from orchestrator.correction.contested import Contested, effective, emptied, follows, given, named, points
from orchestrator.errors import NotAllowedError
from orchestrator.intake import Intake
from orchestrator.model import Ground, Level, Plan, Right, Verification

_SLOT = "corrections"
_STATEMENT_WORDS = 250  # of a written statement about contested health information
Progress = Callable[[str, str], None]


class RefusedAs(StrEnum):
    """Why a contested value stays as it is: 11 CCR 7023(b), (f)."""

    ACCURATE = "more_likely_accurate"  # on the totality of the circumstances, by documents
    IMPOSSIBLE = "impossible_or_disproportionate"  # with the facts that show it


@dataclass(frozen=True, slots=True)
class Standing:
    """How one contested attribute stands. The values are None where they are not to be shown."""

    attribute: str
    title: str
    new: str | None
    was: tuple[str, ...] | None
    refused: str  # on which ground, or empty
    deleted_instead: bool
    confirmed: bool  # of an identifier: somebody saw that the new one is the person's


class Corrections(Intake):
    """The use cases around corrections."""

    def new_correction(
        self, identifiers: Sequence[tuple[str, str]], new: Mapping[str, str], was: Iterable[tuple[str, str]],
        channel: str, received: datetime | None = None, ground: Ground = Ground.STATUTORY,
    ) -> str:  # fmt: skip
        """Record a request to correct with what it contests, which is checked before. Returns its id."""
        was = tuple(was)
        given(self.inventory, new, was)
        request = self.new_request(Right.CORRECT, identifiers, channel, received, ground)
        self.contest(request, new, was)
        return request

    def contest(self, request: str, new: Mapping[str, str], was: Iterable[tuple[str, str]] = ()) -> tuple[str, ...]:
        """Record what is to be put right, in place of what was recorded before; the attributes' names.

        NotAllowedError for another right, an unknown attribute, a value that cannot be one, and once carried out.
        """
        self._correcting(request)
        if any(self.journal.entries(request, "run_started")):
            raise NotAllowedError(f"{request} was carried out at least in part: take a new request")
        contested = given(self.inventory, new, was)
        if not contested:
            raise NotAllowedError("say what is to be put right: --set phone=…, or lines of --from")
        self.workspace.vault.open(request).put_json(_SLOT, contested)
        names = tuple(c.attribute for c in contested)
        self.journal.append(request, "contested", self.actor.id, {"attributes": list(names)})
        return names

    def contested(self, request: str) -> tuple[Contested, ...]:
        """What is put right: without what was refused, with what follows from it."""
        refused = self._refused(request)
        said = [c for c in self._said(request) if c.attribute not in refused]
        instead = {e.payload["attribute"] for e in self.journal.entries(request, "deleted_instead")}
        return emptied(effective(said, self.inventory.attributes), instead)

    def corrections(self, request: str, *, reveal: bool = False) -> tuple[Standing, ...]:
        """How each contested attribute stands. `reveal`: with its values, but for types that are never shown."""
        if reveal:
            self.actor.require("run")
        refused = self._refused(request)
        instead = {e.payload["attribute"] for e in self.journal.entries(request, "deleted_instead")}
        return tuple(
            Standing(
                c.attribute, self.inventory.attributes[c.attribute].title,
                c.new if reveal and self._shown(c.attribute) else None,
                c.was if reveal and self._shown(c.attribute) else None,
                refused.get(c.attribute, ""), c.attribute in instead, self._confirmed(request, c),
            )
            for c in self._said(request)
        )  # fmt: skip

    def confirm_new_value(self, request: str, attribute: str, method: str) -> None:
        """A named person saw that a new identifier is the person's: it will sign them in, and reach them."""
        self.actor.require("override")
        c = self._contesting(request, attribute)
        if not self.inventory.attributes[attribute].kind:
            raise NotAllowedError(f"{attribute} identifies nobody: it needs no confirmation")
        if not method.strip():
            raise NotAllowedError("say how it was seen: --method, such as “reply from the new address”")
        told = {"attribute": attribute, "tag": self.commitment(c), "method": method.strip()}
        self.journal.append(request, "new_value_confirmed", self.actor.id, told)

    def refuse_attribute(self, request: str, attribute: str, ground: RefusedAs, reason: str) -> None:
        """One contested value stays: it is more likely than not right, or cannot be changed (11 CCR 7023)."""
        self._decision(request, attribute, reason)
        told = {"attribute": attribute, "ground": ground, "reason": reason.strip()}
        self.journal.append(request, "attribute_refused", self.actor.id, told)

    def delete_instead(self, request: str, attribute: str, reason: str) -> None:
        """The contested data is deleted: the person consents, or it has no negative impact (11 CCR 7023(e))."""
        self._decision(request, attribute, reason)
        if self.inventory.attributes[attribute].kind:
            raise NotAllowedError(f"{attribute} identifies the person: it is corrected, or a deletion is asked for")
        told = {"attribute": attribute, "reason": reason.strip()}
        self.journal.append(request, "deleted_instead", self.actor.id, told)

    def statement(self, request: str, attribute: str, file: Path) -> None:
        """The person's written statement about a value that stays: by its hash; the file goes to the record."""
        self.actor.require("run")
        if attribute not in self._refused(request):
            raise NotAllowedError(f"a statement is about a value that was refused; {attribute} was not")
        content = content_of(file, "the statement")
        if len(content.split()) > _STATEMENT_WORDS:
            raise NotAllowedError(f"a statement has {_STATEMENT_WORDS} words at most")
        told = {"attribute": attribute, "sha256": receipt.hash_of(content)}
        self.journal.append(request, "statement", self.actor.id, told)

    def decisions(self, request: str) -> tuple[receipt.Contested, ...]:
        """What became of each contested attribute, for the receipt."""
        entries = self.journal.entries
        refused = {e.payload["attribute"]: e.payload for e in entries(request, "attribute_refused")}
        instead = {e.payload["attribute"]: e.payload for e in entries(request, "deleted_instead")}
        words = {e.payload["attribute"]: e.payload["sha256"] for e in entries(request, "statement")}
        found = []
        for name in self._names(request):
            title = self.inventory.attributes[name].title if name in self.inventory.attributes else name
            if no := refused.get(name):
                found.append(receipt.Contested(name, title, "refused", no["ground"], no["reason"], words.get(name, "")))
            elif name in instead:
                found.append(receipt.Contested(name, title, "deleted_instead", "", instead[name]["reason"]))
            else:
                found.append(receipt.Contested(name, title, "corrected"))
        right = [c.attribute for c in found if c.decision == "corrected"]
        for name, parts in follows(right, self.inventory.attributes).items():
            titles = [self.inventory.attributes[part].title.lower() for part in parts]
            reason = f"follows from {' and '.join(titles)}"
            found.append(receipt.Contested(name, self.inventory.attributes[name].title, "corrected", "", reason))
        return tuple(found)

    def same_corrections(self, plan: Plan) -> None:
        """NotAllowedError if what a plan was made for is not what is contested by now."""
        if plan.right is Right.CORRECT:
            now = tuple((c.attribute, self.commitment(c)) for c in self.contested(plan.request))
            if now != plan.contested:
                raise NotAllowedError(f"what is contested changed since the plan was made: dsr plan {plan.request}")

    # What the use cases have in common

    def _correcting(self, request: str) -> None:
        self.not_ended(request)
        if (right := self.request(request).right) is not Right.CORRECT:
            raise NotAllowedError(f"{request} asks for {right}, not for a correction")

    def _said(self, request: str) -> tuple[Contested, ...]:
        vault = self.workspace.vault.open(request)
        kept = vault.get_json(_SLOT) if _SLOT in vault.slots() else []
        return tuple(canonical.decode(Contested, c) for c in kept)

    def _names(self, request: str) -> tuple[str, ...]:
        """What is contested, by name: known after the vault is gone."""
        told = [e.payload["attributes"] for e in self.journal.entries(request, "contested")]
        return tuple(told[-1]) if told else ()

    def _contesting(self, request: str, attribute: str) -> Contested:
        self._correcting(request)
        for c in self._said(request):
            if c.attribute == attribute:
                return c
        names = ", ".join(c.attribute for c in self._said(request)) or "nothing yet"
        raise NotAllowedError(f"{request} does not contest {attribute}; it contests {names}")

    def _decision(self, request: str, attribute: str, reason: str) -> None:
        self.actor.require("override")
        self._contesting(request, attribute)
        if not reason.strip():
            raise NotAllowedError("say why, and by which facts: --reason")
        if any(self.journal.entries(request, "run_started")):
            raise NotAllowedError(f"{request} was carried out at least in part")

    def _refused(self, request: str) -> dict[str, str]:
        entries = self.journal.entries(request, "attribute_refused")
        return {e.payload["attribute"]: e.payload["ground"] for e in entries}

    def _confirmed(self, request: str, c: Contested) -> bool:
        entries = self.journal.entries(request, "new_value_confirmed")
        return any((e.payload["attribute"], e.payload["tag"]) == (c.attribute, self.commitment(c)) for e in entries)

    def commitment(self, c: Contested) -> str:
        """A keyed hash of a contested value: what was approved is what is done, and no plan shows it."""
        return self.workspace.vault.person_tag(f"correction:{c.attribute}", canonical.encode(c).decode())

    def _shown(self, attribute: str) -> bool:
        """Whether its values may be shown: none of a type that never leaves (11 CCR 7024(d))."""
        return not any(
            attribute in held and collection.fields[name].disclosure is Disclosure.NEVER
            for system in self.inventory.systems.values() for collection in system.collections.values()
            for name, held in collection.holds.items()
        )  # fmt: skip

    def ready(self, request: str, verification: Verification) -> tuple[Contested, ...]:
        """What a plan can be made for. NotAllowedError if something has to come first."""
        contested = self.contested(request)
        if not self._said(request):
            raise NotAllowedError(f"nothing is contested yet: dsr correct set {request} --from -")
        if not contested:
            raise NotAllowedError(f"everything was refused: dsr request deny {request}, with the reasons in its letter")
        words = points(self._said(request), self.inventory)
        if any(named(p, words) for p in (*verification.matched, *verification.proves)):
            raise NotAllowedError(
                f"verified by what is contested by now: dsr request verify {request}, by other points"
            )
        for c in contested:
            if not self.inventory.attributes[c.attribute].kind:
                continue
            if verification.level is not Level.REASONABLY_HIGH:
                raise NotAllowedError(f"to correct the {c.attribute}, by which people are found, needs reasonably_high")
            if not self._confirmed(request, next(s for s in self._said(request) if s.attribute == c.attribute)):
                raise NotAllowedError(
                    f"nobody has seen that the new {c.attribute} is the person's: dsr correct confirm {request}"
                )
        return contested
