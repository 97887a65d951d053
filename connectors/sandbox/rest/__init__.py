"""Two fake SaaS systems for the declarative connector: no vendor's, and with the traps of many."""

from connectors.sandbox.rest.help_desk import HelpDesk
from connectors.sandbox.rest.newsletter import Newsletter
from connectors.sandbox.rest.service import SECRET

__all__ = ["SECRET", "HelpDesk", "Newsletter"]
