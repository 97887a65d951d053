"""The visits: what the sandbox's Google Analytics property holds."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from connectors.sandbox.google_analytics import AnalyticsSandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

CROWD = range(14, USERS, 10)


class Visits(VendorStore):
    """The store: Google Analytics. Its address is that of the Admin and the Data API, and of the token endpoint."""

    url_variable, secret_variable = "DSR_SANDBOX_ANALYTICS_URL", "DSR_SANDBOX_ANALYTICS_SERVICE_ACCOUNT"
    secret = "sandbox"  # the key that the fake takes is made when its address is known
    fake: AnalyticsSandbox

    def make(self) -> AnalyticsSandbox:
        return AnalyticsSandbox()

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        super().start(stack, directory, port)
        self.environ[self.secret_variable] = self.fake.tokens.service_account(self.environ[self.url_variable])

    def plant(self, now: datetime) -> None:
        fake = self.fake
        fake.clear(now)
        fake.takes_provided_data = True
        fake.link()
        for who in PEOPLE:
            for device in who.ga_clients or (f"30000{who.user_id:04d}.1690000000",):
                for days in (2, 40):
                    fake.visit(device, str(who.user_id), who.email.lower(), ago=timedelta(days=days))
                    fake.visit(device, ago=timedelta(days=days))
        for number in CROWD:
            fake.visit(f"20000{number:04d}.1690000000", str(number) if number % 4 else "")
        # A computer in the office: the subject's own cookie, and her namesake signed in there too.
        fake.visit(PEOPLE.subject.ga_clients[-1], str(PEOPLE.bystander.user_id))

    def of(self, person: Person) -> object:
        """Events in the person's name, those of nobody on their devices, and what was asked to be deleted."""
        number, devices = str(person.user_id), person.ga_clients
        mine = [e for e in self.fake.events if e.user == number or (e.device in devices and not e.user)]
        names = {number, person.email.lower(), *devices}
        return mine, [d for d in self.fake.deletions if d.value in names]
