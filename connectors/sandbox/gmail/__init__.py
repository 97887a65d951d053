"""A stateful fake of Gmail and of the Directory API for one Google Workspace account.

`GmailFake` is the WSGI application; `deliver` puts a mail into a mailbox, `user` and `group` put
something into the directory, `advance` moves time. What the vendor leaves undocumented is an
attribute to switch. threads.delete exists here too, and remembers that it was used: nobody should.
"""

from __future__ import annotations

from connectors.sandbox.gmail.app import GmailFake
from connectors.sandbox.gmail.mailbox import Box, Message

__all__ = ["Box", "GmailFake", "Message"]
