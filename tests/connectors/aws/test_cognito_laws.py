"""Cognito obeys the laws of connectors, with several accounts in two pools."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.aws import AwsSandbox
from connectors.sandbox.faults import Fault
from connectors.testing import conformance
from tests.connectors.aws import cognito_world as world
from tests.connectors.aws.cognito_world import ANN, BY_USER_ID, IDENTITIES, JO
from tests.connectors.aws.world import SECRETS

_EVENT = {"EventId": "1", "EventType": "SignIn", "EventContextData": {"IpAddress": "192.0.2.42", "City": "Lee Town"}}
_DEVICE = {"DeviceKey": "us-east-1_42", "DeviceAttributes": [{"Name": "device_name", "Value": "phone of ann"}]}


class CognitoHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = Subject.of(
        Identifier("email", "Ann.Lee@example.com", Trust.PROVEN), Identifier("user_id", "1", Trust.ASSIGNED)
    )
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN), Identifier("user_id", "10", Trust.ASSIGNED))
    canaries = (ANN, "ann lee", "192.0.2.42", "phone of ann", "google_ann")
    never = ("gold", JO, "phone of joann")
    disclosed = ("Ann Lee 0", "Ann Lee 2", "192.0.2.42", "phone of ann", "managers", "Ann Lee at work")

    def start(self) -> None:
        self.aws = AwsSandbox().__enter__()

    def stop(self) -> None:
        self.aws.__exit__(None, None, None)

    def settle(self) -> None:
        """A deletion holds at once; see AdminGetUser."""

    def plant(self) -> Mapping[str, int]:
        self.aws.reset()
        idp = self.aws.client("cognito-idp")
        self.customers, self.staff = world.pool(self.aws), world.pool(self.aws, "staff")
        self.aws.cognito.threat_protection.add(self.customers)
        idp.create_group(UserPoolId=self.customers, GroupName="managers")
        for n, spelling in enumerate((ANN, "Ann.Lee@Example.com", "ANN.LEE@EXAMPLE.COM")):
            sub = world.user(
                self.aws, self.customers, f"google_ann{n}", spelling, name=f"Ann Lee {n}", custom_tier="gold"
            )
            theirs = world.user(self.aws, self.customers, f"jo{n}", JO, name=f"Joann {n}", custom_user_id="10")
            self.aws.cognito.devices[sub] = [_DEVICE] * 3
            self.aws.cognito.auth_events[sub] = [_EVENT] * 3
            device = {
                "DeviceKey": "us-east-1_10",
                "DeviceAttributes": [{"Name": "device_name", "Value": "phone of joann"}],
            }
            self.aws.cognito.devices[theirs] = [device]
            for name in (f"google_ann{n}", f"jo{n}"):
                idp.admin_add_user_to_group(UserPoolId=self.customers, Username=name, GroupName="managers")
        world.user(self.aws, self.customers, "crowd", "anna@example.com")
        world.user(self.aws, self.staff, "ann", ANN, name="Ann Lee at work", custom_user_id="1")
        world.user(self.aws, self.staff, "jo", JO, name="Joann at work", custom_user_id="10")
        return {"customers": 3, "staff": 1}

    def spec(self) -> SystemSpec:
        both = (*IDENTITIES, BY_USER_ID)
        return world.spec(self.aws, world.collection("customers", *both), world.collection("staff", *both), page_size=2)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={**SECRETS, "access_key_id": Secret("sandbox-revoked")})

    def untouched(self) -> object:
        held = {**world.users(self.aws, self.customers), **world.users(self.aws, self.staff)}
        return {name: row for name, row in held.items() if not name.startswith(("google_ann", "ann"))}, [
            name for name in self.aws.cognito.signed_out if name.startswith("jo")
        ]

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.aws.faults.inject(fault, after=after, times=times)


TestCognito = conformance(CognitoHarness)
