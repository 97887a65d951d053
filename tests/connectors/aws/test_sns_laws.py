"""SNS obeys the laws of connectors, over pages of three rows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import sns_world as world
from tests.connectors.aws.sns_world import ANN, JO, OTHER, PHONE
from tests.connectors.aws.world import SECRETS


class SnsHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = Subject.of(
        Identifier("email", "Ann.Lee@example.com", Trust.PROVEN),
        Identifier("phone", "+1 202-555-0142", Trust.PROVEN),
        Identifier("user_id", "1", Trust.ASSIGNED),
    )
    bystander = Subject.of(
        Identifier("email", JO, Trust.PROVEN),
        Identifier("phone", OTHER, Trust.PROVEN),
        Identifier("user_id", "10", Trust.ASSIGNED),
    )
    canaries = (ANN, "2025550142", "token-of-ann")
    never = ("token-of-ann", JO, OTHER, "token-of-jo")
    disclosed = ("ANN.LEE@EXAMPLE.COM", PHONE, '\\"user_id\\": \\"1\\"', "email-json")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        self.aws.sns.advance(timedelta(hours=1))

    def plant(self) -> Mapping[str, int]:
        aws = self.aws
        aws.reset()
        aws.sns.page_size = 3
        for name in ("news", "alerts", "offers", "status"):
            arn = world.topic(aws, name)
            for number in range(3):
                world.subscribe(aws, arn, f"ann{number}@example.com")
            for email in (JO, "ANN.LEE@EXAMPLE.COM"):
                world.subscribe(aws, arn, email, "email-json")
            world.subscribe(aws, arn, OTHER, "sms")
        world.subscribe(aws, arn, PHONE, "sms")
        world.subscribe(aws, arn, ANN, confirmed=False)
        for number in range(4):
            world.device(aws, f"token-of-ann-{number}", '{"user_id": "1"}')
            mine = world.device(aws, f"token-of-jo-{number}", '{"user_id": "10"}')
        world.subscribe(aws, arn, world.device(aws, "token-of-ann-0", '{"user_id": "1"}'), "application")
        world.subscribe(aws, arn, mine, "application")
        for phone in (OTHER, PHONE, "+12025550143", "+12025550199"):
            world.sandbox_number(aws, phone)
        # Opt-outs from texts are not planted: nothing deletes them, and a rule of the inventory keeps them.
        return {"subscriptions": 7, "endpoints": 4, "sms_sandbox_numbers": 1}

    def spec(self) -> SystemSpec:
        return world.spec(self.aws)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={**SECRETS, "access_key_id": Secret("sandbox-revoked")})

    def untouched(self) -> object:
        mine = ("ann.lee@", PHONE, "token-of-ann")
        held = world.held(self.aws)
        return {name: [r for r in rows if not any(m in str(r).casefold() for m in mine)] for name, rows in held.items()}

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestSns = conformance(SnsHarness)
