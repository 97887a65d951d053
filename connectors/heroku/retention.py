"""How long Heroku keeps backups: by the plan of the database, which no call of ours changes.

Source: https://devcenter.heroku.com/articles/heroku-postgres-backups#scheduled-backups-retention-limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from connectors.errors import UntoldError
from connectors.vendor_retention import Setting

_BY_HAND = {
    "scheduled_backups": "it goes by the database's plan: an owner changes the plan, or ends the schedule "
    "(heroku pg:backups:unschedule)",
    "rollback": "it goes by the database's plan: an owner changes the plan",
}


def kept(system: str, longest: Mapping[str, timedelta], collection: str, period: timedelta) -> Setting:
    """`longest`: what is kept at most, by collection. UntoldError for copies that no plan ends."""
    if collection not in _BY_HAND:
        raise UntoldError(system, f"{collection}: no setting of Heroku's ends them")
    days = longest[collection].days
    return Setting(
        collection, "plans of the databases", f"{days} days" if days else "none", f"{period.days} days",
        days <= period.days, mark=str(days), by_hand=_BY_HAND[collection],
    )  # fmt: skip
