"""What can be told of a described SaaS before a request needs it.

Every call that reads is made with an identifier that nobody has; a list without a filter is
everybody's, so its answer is left unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.errors import AuthError, RefusedError, TransientError
from connectors.model import Aspect, Probe
from connectors.probes import NOBODY, NOBODYS_ADDRESS, said
from connectors.rest.api import Api
from connectors.rest.calls import Call
from connectors.rest.description import Plan

_NO_SUCH_CALL = {404, 405, 410, 501}
_OK = {200, 201, 202, 204}


class Inspection:
    """One look at the described calls with these credentials."""

    def __init__(self, system: str, api: Api, plans: Mapping[str, Plan]) -> None:
        self._system = system
        self._api = api
        self._plans = plans

    def probes(self) -> Iterator[Probe]:
        """Raises AuthError if the call under `check` refuses the credentials."""
        self._api.check()
        yield Probe(Aspect.REACH, True, "the call under `check` takes the credentials")
        for name, plan in self._plans.items():
            for call in plan.locate:
                yield self._search(name, plan, call)
            if plan.export is not None:
                yield self._single(Aspect.EXPORT, f"{name}: export", plan.export)
            else:
                yield Probe(Aspect.EXPORT, True, f"{name}: hands out what the search shows")
            if plan.confirm is not None:
                yield self._single(Aspect.DELETE, f"{name}: confirm", plan.confirm)
            yield Probe(Aspect.DELETE, None, f"{name}: {_by(plan)}")

    def _search(self, name: str, plan: Plan, call: Call) -> Probe:
        what = f"{name}: {call.method.upper()} /{'/'.join(call.path)}"
        doing = f"searching {name}"
        try:
            status = self._api.status(call, _nobody(call), doing)
        except AuthError as error:
            return Probe(Aspect.LOCATE, False, f"{what}: {said(self._system, error)}")
        if status not in _OK and status not in call.absences:
            return _refused(Aspect.LOCATE, what, status)
        if not call.kind:
            return Probe(Aspect.LOCATE, True, f"{what} answers")
        try:
            rows = self._api.shown(plan, call, _nobody(call))
        except (RefusedError, TransientError) as error:  # it has just answered: its form is not as described
            return Probe(Aspect.INVENTORY, False, f"{what}: {said(self._system, error)}")
        if rows:
            says = f"{what} finds {rows} or more for an identifier that nobody has: does it heed its filter?"
            return Probe(Aspect.INVENTORY, None, says)
        return Probe(Aspect.LOCATE, True, f"{what} answers as described")

    def _single(self, aspect: Aspect, what: str, call: Call) -> Probe:
        """A call that reads one record, asked for one that is not there."""
        what = f"{what}: {call.method.upper()} /{'/'.join(call.path)}"
        try:
            status = self._api.status(call, NOBODY, "reading one that is nobody's")
        except AuthError as error:
            return Probe(aspect, False, f"{what}: {said(self._system, error)}")
        if status in call.absences:
            return Probe(aspect, None, f"{what} answers that it is not there (HTTP {status}), as a wrong path would")
        return _refused(aspect, what, status)


def _refused(aspect: Aspect, what: str, status: int) -> Probe:
    if status in _NO_SUCH_CALL:
        return Probe(Aspect.INVENTORY, False, f"{what}: there is no such call (HTTP {status})")
    says = f"{what}: HTTP {status} for an identifier that nobody has: seen when one is searched for"
    return Probe(aspect, None, says)


def _nobody(call: Call) -> str:
    return NOBODYS_ADDRESS if "email" in call.kind else NOBODY


def _by(plan: Plan) -> str:
    if plan.by_hand:
        return "by hand"
    verbs = [verb for verb, call in (("delete", plan.delete), ("redact", plan.redact)) if call]
    return f"whether these credentials may {' and '.join(verbs)} cannot be tried without writing"
