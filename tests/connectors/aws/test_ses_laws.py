"""SES obeys the laws of connectors, where the inventory lets opt-outs go and where it keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import ses_world as world
from tests.connectors.aws.ses_world import ANN, IN, JO, OUT
from tests.connectors.aws.world import SECRETS

_NO_REDACTION = "the rows are the addresses themselves: only the attributes of a contact who opted out can be emptied"


class SesHarness:
    exempt: ClassVar[Mapping[str, str]] = {"redacting_keeps_the_row_and_loses_the_person": _NO_REDACTION}
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN))
    canaries = (ANN, "ann.lee%40example.com", "rated highly", "prefers mornings")
    never = ("rated highly", JO, "message-to-")
    disclosed = ("prefers mornings", "ANN.LEE@EXAMPLE.COM", "COMPLAINT", "OPT_OUT")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """SES says of no call that it takes effect later."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        self.aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
        for email in (JO, ANN, "ANN.LEE@EXAMPLE.COM", "anna@example.com", "ann.lee@example.com.example.net"):
            world.contact(self.aws, email, AttributesData='{"note": "prefers mornings"}', TopicPreferences=IN)
            self.aws.ses.suppress(email)
            self.aws.ses.suppress(email, "COMPLAINT")
            self.aws.ses.suppress(email, tenant="acme")
            self.aws.client("sesv2").create_email_identity(EmailIdentity=email)
        world.contact(self.aws, ANN, "offers", AttributesData="rated highly", TopicPreferences=OUT)
        world.contact(self.aws, JO, "offers", AttributesData="rated highly", UnsubscribeAll=True)
        world.contact(self.aws, "Ann.lee@Example.com", "offers", UnsubscribeAll=True, AttributesData="rated highly")
        self.aws.client("sesv2").create_email_identity(EmailIdentity="example.com")
        return {"contacts": 2, "contact_opt_outs": 2, "identities": 2, "suppressed": 6}

    def spec(self) -> SystemSpec:
        return world.spec(self.aws, page_size=2)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={**SECRETS, "access_key_id": Secret("sandbox-revoked")})

    def untouched(self) -> object:
        contacts, suppressed, identities = world.held(self.aws)
        mine = ANN.casefold()
        return (
            [c for c in contacts if c[1]["EmailAddress"].casefold() != mine],
            {k: v for k, v in suppressed.items() if k[1].casefold() != mine},
            [i for i in identities if i.casefold() != mine],
        )

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestSes = conformance(SesHarness)
