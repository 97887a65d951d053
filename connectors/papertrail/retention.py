"""How long archives are kept: by the account's plan, which no call changes. What is there tells how long it was.

Source: https://help.papertrailapp.com/kb/how-it-works/permanent-log-archives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.errors import UntoldError
from connectors.papertrail.events import Archive
from connectors.papertrail.settings import ARCHIVES
from connectors.vendor_retention import Setting

_BY_HAND = "an owner of the account changes the plan (Account, Plan): archives go by it"


def kept(
    system: str, archives: Sequence[Archive], collection: str, period: timedelta, margin: timedelta
) -> Setting:  # fmt: skip
    """UntoldError for what no call tells: how long the plan lets events be searched."""
    if collection != ARCHIVES:
        raise UntoldError(system, f"{collection}: no call tells how long it is kept: see the account's plan")
    days = [day for archive in archives if (day := archive.day)]
    age = (datetime.now(UTC).date() - min(days)).days if days else 0
    return Setting(
        collection, "archives of the account", f"{age} days" if days else "none", f"{period.days} days",
        timedelta(days=age) <= period + margin, mark=str(age), by_hand=_BY_HAND,
    )  # fmt: skip
