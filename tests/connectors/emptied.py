"""A running fake as a test wants it: empty, with every switch back and no call counted."""

from __future__ import annotations

from typing import Any, TypeVar

from connectors.sandbox.serve import Server

Fake = TypeVar("Fake", bound=Any)


def emptied(server: Server, kind: type[Fake]) -> Fake:
    """The fake behind a server, emptied."""
    app = server.faults.app
    assert isinstance(app, kind)
    app.clear()
    server.faults.calls.clear()
    return app
