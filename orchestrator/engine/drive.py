"""What drives requests on: the interface of the two drives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Attend = Callable[[str], None]  # goes on with a request, if it is due; safe to call twice, raises nothing


class Drive(Protocol):
    """Calls `attend` for what is due on the agenda, in this process or in many."""

    def wake(self, request: str, at: datetime) -> None:
        """See to it that a request which is on the agenda is attended to then, or soon after."""

    def work(self, attend: Attend, *, once: bool, concurrency: int, stop: threading.Event) -> None:
        """Attend to what falls due until `stop`, or with `once` until nothing is due.

        What is under way when it is to stop is finished. BusyError if there can be one worker only, and is.
        """

    def close(self) -> None: ...
