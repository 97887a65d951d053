"""What it means to go on with a request, and when it is to be looked at next.

Nothing here remembers anything: running a request again does what is left, and what is owed is read from the
journal. So going on twice, or after a crash, is the same as going on once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, TransientError
from orchestrator.due import BY_PEOPLE, Owed
from orchestrator.errors import BusyError, IncompleteError, OrchestratorError, PausedError
from orchestrator.inventory.crontab import Crontab
from orchestrator.issue import Fulfilled
from orchestrator.journal import State
from orchestrator.model import Coverage
from orchestrator.pause import refuse_if_paused
from orchestrator.retention import RETENTION, expiry
from orchestrator.rotation import MASTER_KEY
from orchestrator.service import Service
from orchestrator.storage.lease import LONGEST_SILENCE

ATTEMPTS = 8  # in a row, before a person has to look
_FAULTS = 3  # of this program, likewise
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=6)
_BUSY, _PAUSED = timedelta(seconds=LONGEST_SILENCE), timedelta(minutes=5)
_OVER = (State.CANCELLED, State.DENIED, State.CLOSED)


@dataclass(frozen=True, slots=True)
class Next:
    """What became of going on. `at`: when to look again; `stuck`: a person has to look first."""

    said: str
    at: datetime | None = None
    again: bool = False  # the attempt counts: it failed
    stuck: bool = False


def go_on(service: Service, request: str, attempt: int) -> Next:
    """Carry a request on as far as it goes by itself. Raises nothing; what it says holds nothing personal."""
    now = service.now()
    try:
        if request == RETENTION:
            return scheduled(service)
        if request == MASTER_KEY:
            return key_turned(service)
        refuse_if_paused(service.journal, request)
        if (state := service.journal.state(request)) in _OVER:
            service.forget_answered(request)  # if that was cut short
            return Next(f"{state}: nothing is left to do")
        if service.hold_released(request):
            return _anew(service, request, "a legal hold was released")
        return _after(service, request, service.run(request))
    except BusyError as error:
        return Next(str(error), now + _BUSY)
    except PausedError as error:
        return Next(str(error), now + _PAUSED)
    except (IncompleteError, TransientError) as error:
        return Next(str(error), now + _patience(attempt), again=True, stuck=attempt >= ATTEMPTS)
    except (OrchestratorError, ConnectorError) as error:
        return Next(str(error), stuck=True)
    except Exception as fault:  # noqa: BLE001 - one request must not end the worker, nor its text a log
        said = f"a fault of this program ({type(fault).__name__}); its text may be personal and is not kept"
        return Next(said, now + _patience(attempt), again=True, stuck=attempt >= _FAULTS)


def scheduled(service: Service) -> Next:
    """A retention run at its time. Whatever becomes of it, the next one comes."""
    crontab = service.inventory.retention.cron
    if not crontab:
        return Next("no longer scheduled")
    then = Crontab.of(crontab).after(service.now(), service.inventory.zone)
    try:
        ran = service.run_retention()
    except BusyError as error:
        return Next(str(error), then)
    gone = sum(s["removed"] for s in ran.payload.get("steps", ()))
    said = "counted only" if ran.dry else f"{ran.payload['outcome']}: {gone:,} rows"
    waits = f"; {len(ran.waits)} collections wait for a person: dsr retention status" if ran.waits else ""
    trouble = "".join(f"; {ref}: {why}" for ref, why in ran.troubles.items())
    # Cut short: it goes on soon, and not only at its next time.
    return Next(f"{said}{waits}{trouble}", min(then, service.now() + _LONGEST) if ran.troubles else then)


def key_turned(service: Service) -> Next:
    """A new master key at its time, and the end of those before."""
    due = service.turn_due()
    if due is None:
        return Next("no longer scheduled")
    gone = service.turn().destroyed if (turned := due <= service.now()) else service.destroy_old_keys()
    said = f"{'a new master key; ' if turned else ''}{len(gone)} old ones destroyed"
    return Next(said, service.keys_due())


def _after(service: Service, request: str, done: Fulfilled) -> Next:
    outcome, now = str(done.payload["outcome"]), service.now()
    if service.journal.state(request) in _OVER:
        return Next(outcome)
    if any(s.coverage is Coverage.UNREACHABLE for s in done.confirmation.coverage):
        return Next(f"{outcome}; a system could not be read again", now + _LONGEST)
    owed = service.due(request)
    if any(o.owed is Owed.DECIDE_ANEW and o.overdue for o in owed):
        return _anew(service, request, f"{outcome}; something turned up or ended")
    dates = [o.when for o in owed if o.owed not in BY_PEOPLE and o.when]
    ahead = [at for at in dates if at > now]
    return Next(outcome, min(ahead, default=None))


def _anew(service: Service, request: str, why: str) -> Next:
    """Decide about the data again; what exceptions kept that have ended goes on by itself if that was approved."""
    planned = service.plan(request)
    if planned.open:
        codes = ", ".join(sorted({f.code for f in planned.open}))
        return Next(f"{why}: the guard stops the new plan ({codes}); look at it: dsr plan {request}", stuck=True)
    if ids := expiry.approve(service, request):
        return Next(f"{why}: goes on, approved in advance by {', '.join(ids)}", service.now())
    return Next(f"{why}: a new plan waits for approval")


def _patience(attempt: int) -> timedelta:
    return min(_FIRST * 2.0 ** (attempt - 1), _LONGEST)
