"""The correspondence: what the company's mailboxes in the sandbox hold."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from connectors.sandbox.gmail import GmailFake
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

DOMAIN = "training-tracker.example"
SUPPORT, SALES, ADMIN = f"support@{DOMAIN}", f"sales@{DOMAIN}", f"admin@{DOMAIN}"
CROWD = range(15, USERS, 150)


class Correspondence(VendorStore):
    """The store: Gmail. Its address is that of Gmail, of the Directory API and of the token endpoint."""

    url_variable, secret_variable = "DSR_SANDBOX_GMAIL_URL", "DSR_SANDBOX_GMAIL_SERVICE_ACCOUNT"
    secret = "sandbox"  # the key that the fake takes is made when its address is known
    fake: GmailFake

    def make(self) -> GmailFake:
        return GmailFake()

    def start(self, stack: ExitStack, directory: Path, port: int) -> None:
        super().start(stack, directory, port)
        self.environ[self.secret_variable] = self.fake.tokens.service_account(self.environ[self.url_variable])

    def plant(self, now: datetime) -> None:
        fake, subject, bystander = self.fake, PEOPLE.subject, PEOPLE.bystander
        fake.clear()
        fake.now = now
        fake.admins = {ADMIN}
        fake.user(ADMIN, setup=False)
        for address in (SUPPORT, SALES):
            box = fake.user(address)
            box.labels["Label_1"] = "Privacy request"
            for who in PEOPLE:
                self._written(address, who)
            for number in CROWD:
                self._written(address, person(number))
        # What is not hers alone, and what is of the request itself.
        both = f"{SUPPORT}, {bystander.email}"
        fake.deliver(SUPPORT, subject.email, both, text="We both sit in the course", days=50)
        fake.deliver(SUPPORT, bystander.email, SUPPORT, text=f"Ask {subject.email} about it", days=45)
        fake.deliver(SUPPORT, subject.email, SUPPORT, text="Please delete my data", days=2, labels=("INBOX", "Label_1"))
        fake.deliver(SALES, subject.email, SALES, text="Win a course", days=5, labels=("SPAM",))
        fake.draft(SALES, subject.email, "Dear Ann,")
        rules = [{"id": f"f{who.user_id}", "criteria": {"from": who.email}} for who in (subject, bystander)]
        fake.boxes[SALES].settings["filters"] = {"filter": rules}
        fake.group(f"managers@{DOMAIN}", subject.email, bystander.email)

    def _written(self, mailbox: str, who: Person) -> None:
        thread = f"t{who.user_id}"
        named = f"{who.name} <{who.email}>"
        self.fake.deliver(mailbox, named, mailbox, text="How do I sign in?", days=90, thread=thread)
        self.fake.deliver(mailbox, mailbox, named, text="Like this.", days=89, thread=thread, labels=("SENT",))

    def of(self, person: Person) -> object:
        """Mails that the person wrote or was written to, and what else of Workspace names them."""
        fake, email = self.fake, person.email.casefold()
        mails = [
            (box.address, message.id, sorted(message.labels), message.raw)
            for box in fake.boxes.values()
            for message in box.messages.values()
            if email in _addresses(message.header("From"), message.header("To"))
        ]
        rules = [r for box in fake.boxes.values() for r in box.settings.get("filters", {}).get("filter", ())]
        members = [m for rows in fake.members.values() for m in rows if m["email"] == email]
        return mails, [rule for rule in rules if rule["criteria"]["from"] == email], members


def _addresses(*headers: str) -> set[str]:
    words = " ".join(headers).replace("<", " ").replace(">", " ").replace(",", " ").split()
    return {word.casefold() for word in words if "@" in word}
