"""The calls of SNS, read whole or not at all. OptInPhoneNumber is not among them, and must not be.

https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.aws.answers import call, rows
from connectors.errors import TransientError

Row = Mapping[str, Any]
_GONE = frozenset({"NotFound", "ResourceNotFound"})
_TOO_EARLY = frozenset({"UserError"})
_NOT_THERE = _GONE | {"InvalidParameter"}
PENDING, DELETED = "PendingConfirmation", "Deleted"  # what stands in place of an ARN
_NOWHERE = "dsr-orchestrator-permission-check"
_NOBODY = "+12025550100"  # reserved for fiction


@dataclass(frozen=True, slots=True)
class Api:
    system: str
    client: Any = field(repr=False)

    def prove(self, every_topic: bool, sms: bool) -> None:
        """Use the permissions that reading needs: on a page, a device and a number that nobody has."""
        self._refused("ListSubscriptions", "list_subscriptions", NextToken=_NOWHERE)
        if every_topic:
            next(iter(self.topics()), None)
        for application in self.applications():
            asked = {"PlatformApplicationArn": application, "NextToken": _NOWHERE}
            self._refused("ListEndpointsByPlatformApplication", "list_endpoints_by_platform_application", **asked)
        self._refused("GetEndpointAttributes", "get_endpoint_attributes", EndpointArn=_NOWHERE)
        if sms:
            self.opted_out(_NOBODY)
            self._refused("ListSMSSandboxPhoneNumbers", "list_sms_sandbox_phone_numbers", NextToken=_NOWHERE)

    def _refused(self, permission: str, verb: str, **asked: Any) -> None:
        """A call that can only be refused: as wrong, where it is permitted at all."""
        call(self.system, f"sns:{permission}", getattr(self.client, verb), _NOT_THERE, **asked)

    def _rows(self, permission: str, verb: str, member: str, **asked: Any) -> Iterator[Row]:
        return rows(self.system, f"sns:{permission}", getattr(self.client, verb), member, **asked)

    def topics(self) -> Iterator[str]:
        return (str(row["TopicArn"]) for row in self._rows("ListTopics", "list_topics", "Topics"))

    def subscriptions(self) -> Iterator[Row]:
        """The account's own subscriptions, wherever the topic is."""
        return self._rows("ListSubscriptions", "list_subscriptions", "Subscriptions")

    def subscriptions_to(self, topic: str) -> Iterator[Row]:
        """Everybody's subscriptions to one topic; none where the topic is gone."""
        verb, doing = self.client.list_subscriptions_by_topic, "sns:ListSubscriptionsByTopic"
        return rows(self.system, doing, verb, "Subscriptions", absent=_GONE, TopicArn=topic)

    def applications(self) -> list[str]:
        listed = self._rows("ListPlatformApplications", "list_platform_applications", "PlatformApplications")
        return [str(row["PlatformApplicationArn"]) for row in listed]

    def endpoints(self, application: str) -> Iterator[Row]:
        """Devices of one application as flat rows; none where the application is gone."""
        verb, doing = self.client.list_endpoints_by_platform_application, "sns:ListEndpointsByPlatformApplication"
        listed = rows(self.system, doing, verb, "Endpoints", absent=_GONE, PlatformApplicationArn=application)
        return ({**row.get("Attributes", {}), "EndpointArn": row["EndpointArn"]} for row in listed)

    def has_endpoint(self, arn: str) -> bool:
        verb = self.client.get_endpoint_attributes
        answer = call(self.system, "sns:GetEndpointAttributes", verb, _GONE, EndpointArn=arn)
        if answer is not None and "Attributes" not in answer:
            raise TransientError(self.system, "sns:GetEndpointAttributes: the answer is not about a device")
        return answer is not None

    def opted_out(self, number: str) -> bool:
        verb = self.client.check_if_phone_number_is_opted_out
        answer = call(self.system, "sns:CheckIfPhoneNumberIsOptedOut", verb, phoneNumber=number)
        if "isOptedOut" not in answer:
            raise TransientError(self.system, "sns:CheckIfPhoneNumberIsOptedOut: the answer does not say")
        return bool(answer["isOptedOut"])

    def sandbox_numbers(self) -> Iterator[Row]:
        return self._rows("ListSMSSandboxPhoneNumbers", "list_sms_sandbox_phone_numbers", "PhoneNumbers")

    def unsubscribe(self, arn: str) -> None:
        call(self.system, "sns:Unsubscribe", self.client.unsubscribe, _GONE, SubscriptionArn=arn)

    def delete_endpoint(self, arn: str) -> None:
        call(self.system, "sns:DeleteEndpoint", self.client.delete_endpoint, _GONE, EndpointArn=arn)

    def delete_sandbox_number(self, number: str) -> None:
        """Nothing happens where the number was verified within a day: SNS refuses, and says no more."""
        verb = self.client.delete_sms_sandbox_phone_number
        call(self.system, "sns:DeleteSMSSandboxPhoneNumber", verb, _GONE | _TOO_EARLY, PhoneNumber=number)
