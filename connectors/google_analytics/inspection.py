"""What can be told of a property before a request needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.errors import AuthError, ConfigError
from connectors.google_analytics.admin import Admin
from connectors.google_analytics.audience import months_of, require_everybody
from connectors.google_analytics.exports import Members
from connectors.google_analytics.settings import Settings
from connectors.model import Aspect, Probe

_UNSEEN = "nobody can be looked up: deletion is asked for every identifier (setting 'audience' names one of everybody)"
_EDITOR = "the account needs the role Editor of the property; no call tells without deleting"
_LINKED = "the property's events are copied into BigQuery: make the dataset a system, named by 'bigquery_system'"


class Inspection:
    """Each proof raises ConfigError or AuthError with the way out."""

    def __init__(self, system: str, settings: Settings, admin: Admin, members: Members | None) -> None:
        self._system = system
        self._settings = settings
        self._admin = admin
        self._members = members

    def check(self) -> None:
        """Raise the first thing that is wrong."""
        self._there()
        for _, prove in self._proofs():
            prove()
        self._admin.links()

    def probes(self) -> Iterator[Probe]:
        """Everything that is wrong, and what cannot be told. Raises if the property does not answer."""
        self._there()
        yield Probe(Aspect.REACH, True, "the property answers")
        for aspect, prove in self._proofs():
            try:
                prove()
            except (AuthError, ConfigError) as error:
                yield Probe(aspect, False, str(error).removeprefix(f"{self._system}: "))
            else:
                yield Probe(aspect, True)
        if not self._members:
            yield Probe(Aspect.LOCATE, None, _UNSEEN)
        if not self._settings.bigquery_system and self._admin.links():
            yield Probe(Aspect.INVENTORY, False, _LINKED)
        yield Probe(Aspect.DELETE, None, _EDITOR)

    def _there(self) -> None:
        if "delete_time" in self._admin.property():
            raise ConfigError(self._system, "the property is in the bin, and goes for good when its time is up")

    def _proofs(self) -> Iterator[tuple[Aspect, Callable[[], object]]]:
        yield Aspect.INVENTORY, self._kept_as_said
        yield Aspect.LOCATE, self._admin.collects_provided_data
        if self._members:
            yield Aspect.LOCATE, lambda: require_everybody(self._system, self._admin)
            yield Aspect.LOCATE, self._members.readable

    def _kept_as_said(self) -> None:
        """Whether the property keeps data as long as the inventory says."""
        there, said = self._admin.retention(), self._settings
        self._compare("event_data_retention", said.event_retention, months_of(there.event_data_retention))
        self._compare("user_data_retention", said.user_retention, months_of(there.user_data_retention))
        reset = bool(there.reset_user_data_on_new_activity)
        if said.reset_on_activity is not reset:
            does = "begins" if reset else "does not begin"
            name = "reset_user_data_on_new_activity"
            message = f"setting {name!r} must be {str(reset).lower()}: in the property, activity {does} the period anew"
            raise ConfigError(self._system, message)

    def _compare(self, name: str, said: int | None, kept: int) -> None:
        if said != kept:
            ours = f"{said} months" if said else "nothing"
            message = f"setting {name!r}: the property keeps data for {kept} months, and the inventory says {ours}"
            raise ConfigError(self._system, message)
