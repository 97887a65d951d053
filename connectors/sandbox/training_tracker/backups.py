"""The Heroku account: apps and databases, and copies that hold everybody."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from connectors.sandbox.heroku import TOKEN, HerokuSandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, Person

if TYPE_CHECKING:
    from connectors.sandbox.training_tracker.database import Database

APP, STAGING, REVIEW = "training-tracker", "training-tracker-staging", "training-tracker-pr-88"
PRIMARY, PIPELINE = "postgresql-round-50432", "training-tracker"


def plant_backups(heroku: HerokuSandbox) -> None:
    """Fill an empty account."""
    heroku.app(APP, pipeline=PIPELINE)
    heroku.app(STAGING, pipeline=PIPELINE)
    heroku.app(REVIEW, pipeline=PIPELINE)
    heroku.addon(APP, PRIMARY, "heroku-postgresql:standard-0", as_="DATABASE", followers=("postgresql-oval-20112",))
    heroku.addon(APP, "postgresql-oval-20112", "heroku-postgresql:standard-0", follows=PRIMARY)
    heroku.addon(STAGING, "postgresql-flat-20909", "heroku-postgresql:essential-0", as_="DATABASE")
    heroku.addon(REVIEW, "postgresql-steep-98884", "heroku-postgresql:essential-0", as_="DATABASE")
    heroku.addon(APP, "redis-clear-41174", "heroku-redis:mini")
    heroku.data.schedule(PRIMARY)
    for days in range(7):
        heroku.data.take(APP, days + 0.3, scheduled=True)
    heroku.data.take(APP, 300)
    heroku.data.take(STAGING, 45, to="STAGING_COPY")
    heroku.drain(APP, "syslog+tls://logs.papertrailapp.com:4242")
    heroku.drain(APP, "https://warehouse.example.net/in")
    for days, whose in ((90, PEOPLE.administrator), (30, PEOPLE.subject)):
        heroku.release(APP, days, {"REPORTS_TO": f"{whose.email},ops@example.com"})
    heroku.collaborator(APP, PEOPLE.administrator.email)
    for user_id in range(600, 606):
        heroku.collaborator(APP, person(user_id).email)


class Backups(VendorStore):
    """The store: Heroku, both of its hosts. Its backups are dumps of the store `app_db`."""

    beside: ClassVar[str] = "app_db"
    url_variable, secret_variable = "DSR_SANDBOX_HEROKU_URL", "DSR_SANDBOX_HEROKU_TOKEN"
    secret = TOKEN
    fake: HerokuSandbox

    def join(self, database: Database) -> None:
        """Told before it starts; the database is planted first."""
        self._database = database

    def make(self) -> HerokuSandbox:
        return HerokuSandbox(self._database.dump)

    def plant(self, now: datetime) -> None:
        self.fake.clear()
        self.fake.now = now
        plant_backups(self.fake)

    def of(self, person: Person) -> object:
        """Copies hold everybody, so that each is the person's, too; with what names the person."""
        heroku, data = self.fake, self.fake.data
        named = [c for rows in heroku.collaborators.values() for c in rows if c["user"]["email"] == person.email]
        state = (heroku.addons, heroku.attachments, data.facts, data.transfers, data.schedules, heroku.writes, named)
        return copy.deepcopy(state)
