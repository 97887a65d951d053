"""What the sandbox answers by itself has the shape of AWS's own service descriptions, which botocore brings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws import cognito_world, ses_world, sns_world

Asked = tuple[str, str, dict[str, Any]]  # service, verb, arguments


def _strangers(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Members of a JSON answer that the description does not have, or that it calls required and are missing."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        yield from (f"{path}.{name}" for name in set(value) - set(shape.members))
        yield from (f"{path}.{name} is missing" for name in set(shape.required_members) - set(value))
        for name in set(value) & set(shape.members):
            yield from _strangers(shape.members[name], value[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from _strangers(shape.member, item, path + "[]")


def _xml_strangers(shape: Any, element: ElementTree.Element, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        names = {child.tag for child in element}
        yield from (f"{path}.{name}" for name in names - set(shape.members))
        yield from (f"{path}.{name} is missing" for name in set(shape.required_members) - names)
        for child in element:
            if child.tag in shape.members:
                yield from _xml_strangers(shape.members[child.tag], child, f"{path}.{child.tag}")
    elif shape.type_name == "list":
        for child in element:
            yield from _xml_strangers(shape.member, child, path + "[]")


def _asked(aws: AwsSandbox) -> Iterator[Asked]:
    pool = cognito_world.pool(aws)
    sub = cognito_world.user(aws, pool, "a", "ann.lee@example.com")
    aws.cognito.threat_protection.add(pool)
    aws.cognito.devices[sub] = [{"DeviceKey": "us-east-1_1"}]
    aws.cognito.auth_events[sub] = [{"EventId": "1", "EventContextData": {"City": "Madison"}}]
    yield "cognito-idp", "list_users", {"UserPoolId": pool}
    yield "cognito-idp", "admin_list_devices", {"UserPoolId": pool, "Username": "a"}
    yield "cognito-idp", "admin_list_user_auth_events", {"UserPoolId": pool, "Username": "a"}
    ses_world.contact(aws, "ann.lee@example.com", AttributesData="x", TopicPreferences=list(ses_world.OUT))
    aws.client("sesv2").create_email_identity(EmailIdentity="ann.lee@example.com")
    aws.ses.tenants["acme"] = ("TENANT", ("BOUNCE",))
    aws.ses.suppress("ann.lee@example.com")
    yield "sesv2", "get_account", {}
    yield "sesv2", "list_contacts", {"ContactListName": "newsletter"}
    yield "sesv2", "get_contact", {"ContactListName": "newsletter", "EmailAddress": "ann.lee@example.com"}
    yield "sesv2", "list_email_identities", {}
    yield "sesv2", "list_tenants", {}
    yield "sesv2", "get_tenant", {"TenantName": "acme"}
    yield "sesv2", "list_suppressed_destinations", {}
    yield "sesv2", "get_suppressed_destination", {"EmailAddress": "ann.lee@example.com"}
    topic = sns_world.topic(aws)
    sns_world.subscribe(aws, topic, "ann.lee@example.com")
    device = sns_world.device(aws, "token", "1")
    aws.sns.sandbox_numbers["+12025550142"] = aws.sns.now
    aws.sns.opted_out.append("+12025550142")
    application = aws.client("sns").list_platform_applications()["PlatformApplications"][0]["PlatformApplicationArn"]
    yield "sns", "list_subscriptions", {}
    yield "sns", "list_subscriptions_by_topic", {"TopicArn": topic}
    yield "sns", "list_platform_applications", {}
    yield "sns", "list_endpoints_by_platform_application", {"PlatformApplicationArn": application}
    yield "sns", "get_endpoint_attributes", {"EndpointArn": device}
    yield "sns", "list_phone_numbers_opted_out", {}
    yield "sns", "check_if_phone_number_is_opted_out", {"phoneNumber": "+12025550142"}
    yield "sns", "list_sms_sandbox_phone_numbers", {}


def test_answers_are_of_the_documented_shape(aws: AwsSandbox) -> None:
    wrong: list[str] = []
    empty: list[str] = []

    def look(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        name, shape, body = operation_model.name, operation_model.output_shape, response_dict["body"]
        if body.startswith(b"<"):
            result = ElementTree.fromstring(body).find(f".//{{*}}{name}Result")
            assert result is not None, name
            for element in result.iter():
                element.tag = element.tag.rpartition("}")[2]
            wrong.extend(_xml_strangers(shape, result, name))
            empty.extend([name] if not len(result) else [])
        else:
            wrong.extend(_strangers(shape, json.loads(body), name))
            empty.extend([name] if not json.loads(body) else [])

    import boto3
    from botocore.config import Config

    session = boto3.Session("sandbox", "sandbox", region_name=aws.region)
    made: dict[str, Any] = {}
    for service, verb, given in _asked(aws):
        if service not in made:
            made[service] = session.client(service, endpoint_url=aws.url, config=Config(proxies={}))
            made[service].meta.events.register("before-parse.*", look)
        getattr(made[service], verb)(**given)
    assert wrong == []
    assert empty == []


@pytest.mark.parametrize(("service", "verb", "given", "code"), [
    ("sns", "unsubscribe", {"SubscriptionArn": "PendingConfirmation"}, "InvalidParameter"),
    ("sns", "list_subscriptions", {"NextToken": "nowhere"}, "InvalidParameter"),
    ("sns", "delete_sms_sandbox_phone_number", {"PhoneNumber": "+12025550199"}, "ResourceNotFound"),
    ("sesv2", "get_contact", {"ContactListName": "x", "EmailAddress": "a@example.com"}, "NotFoundException"),
    ("sesv2", "delete_suppressed_destination", {"EmailAddress": "a@example.com"}, "NotFoundException"),
    ("sesv2", "put_suppressed_destination", {"EmailAddress": "no address", "Reason": "BOUNCE"}, "BadRequestException"),
    ("sesv2", "get_tenant", {"TenantName": "x"}, "NotFoundException"),
    ("cognito-idp", "admin_list_devices", {"UserPoolId": "us-east-1_x", "Username": "a"}, "ResourceNotFoundException"),
])  # fmt: skip
def test_refusals_bear_the_documented_code(
    aws: AwsSandbox, service: str, verb: str, given: dict[str, Any], code: str
) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service), verb)(**given)
    assert refused.value.response["Error"]["Code"] == code
