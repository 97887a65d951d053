"""The company whose mailboxes the tests search, and the people who write to it."""

from __future__ import annotations

from connectors.model import Identifier, Subject, Trust

OFFICE = "office.example"
DESK, BILLING, ADMIN = f"desk@{OFFICE}", f"billing@{OFFICE}", f"admin@{OFFICE}"
ANN, NEAR, ROB = "ann.lee@example.com", "ann.lee2@example.com", "rob.marsh@example.net"
SUBJECT = Subject.of(Identifier("email", ANN, Trust.PROVEN))
