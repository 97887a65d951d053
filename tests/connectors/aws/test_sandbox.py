"""Where the sandbox differs from moto alone, it does as AWS documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import BUCKET, bucket, put, stored


def _refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_1001_keys_are_too_many(aws: AwsSandbox) -> None:
    client = bucket(aws)
    put(aws, "k0")
    named = [{"Key": f"k{n}"} for n in range(1001)]
    with pytest.raises(ClientError) as refused:
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": named})
    assert _refused(refused) == "MalformedXML"
    assert len(stored(aws)) == 1
    assert len(client.delete_objects(Bucket=BUCKET, Delete={"Objects": named[:1000]})["Deleted"]) == 1000


def test_mfa_delete_fails_the_whole_call_but_lets_markers_be_made(aws: AwsSandbox) -> None:
    client = bucket(aws)
    version = put(aws, "a")
    aws.s3.mfa_delete.add(BUCKET)
    assert client.get_bucket_versioning(Bucket=BUCKET)["MFADelete"] == "Enabled"
    with pytest.raises(ClientError):
        client.delete_object(Bucket=BUCKET, Key="a", VersionId=version)
    with pytest.raises(ClientError):
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a", "VersionId": version}, {"Key": "b"}]})
    client.delete_object(Bucket=BUCKET, Key="a")
    assert list(stored(aws).values())[1:] == ["marker"]
    client.delete_object(Bucket=BUCKET, Key="a", VersionId=version, MFA="device 123456")
    assert list(stored(aws).values()) == ["marker"]


def test_compliance_is_lengthened_and_never_shortened(aws: AwsSandbox) -> None:
    client = bucket(aws, lock=True)
    until = datetime.now(UTC) + timedelta(days=30)
    put(aws, "a", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    for mode, days in (("COMPLIANCE", 1), ("GOVERNANCE", 99)):
        retention = {"Mode": mode, "RetainUntilDate": datetime.now(UTC) + timedelta(days=days)}
        with pytest.raises(ClientError) as refused:
            client.put_object_retention(Bucket=BUCKET, Key="a", Retention=retention, BypassGovernanceRetention=True)
        assert _refused(refused) == "AccessDenied"
    longer = until + timedelta(days=1)
    client.put_object_retention(Bucket=BUCKET, Key="a", Retention={"Mode": "COMPLIANCE", "RetainUntilDate": longer})
    assert client.head_object(Bucket=BUCKET, Key="a")["ObjectLockRetainUntilDate"].day == longer.day


def test_a_suspended_bucket_keeps_its_versions(aws: AwsSandbox) -> None:
    client = bucket(aws)
    first, second = put(aws, "a", b"1"), put(aws, "a", b"2")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    put(aws, "a", b"null")
    put(aws, "a", b"null again")
    assert {version for _, version in stored(aws)} == {first, second, "null"}
    client.delete_object(Bucket=BUCKET, Key="a")
    assert {version: held == "marker" for (_, version), held in stored(aws).items()} == {
        first: False, second: False, "null": True}  # fmt: skip
    client.delete_object(Bucket=BUCKET, Key="a", VersionId=first)
    client.delete_object(Bucket=BUCKET, Key="a", VersionId="null")
    assert {version for _, version in stored(aws)} == {second}


def test_errors_name_the_version_and_locks_hold(aws: AwsSandbox) -> None:
    client = bucket(aws, lock=True)
    version = put(aws, "a", ObjectLockLegalHoldStatus="ON")
    answer = client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a", "VersionId": version}]})
    assert [(e["VersionId"], e["Code"]) for e in answer["Errors"]] == [(version, "AccessDenied")]
    assert "Deleted" not in answer


@pytest.mark.parametrize(("service", "verb", "asked", "code"), [
    ("s3", "list_buckets", {}, "InvalidAccessKeyId"),
    ("dynamodb", "list_tables", {}, "UnrecognizedClientException"),
    ("cognito-idp", "list_user_pools", {"MaxResults": 1}, "UnrecognizedClientException"),
    ("logs", "describe_log_groups", {}, "UnrecognizedClientException"),
    ("sesv2", "list_contact_lists", {}, "UnrecognizedClientException"),
    ("sns", "list_topics", {}, "InvalidClientTokenId"),
    ("rds", "describe_db_instances", {}, "InvalidClientTokenId"),
])  # fmt: skip
def test_each_service_answers_and_knows_its_key(
    aws: AwsSandbox, service: str, verb: str, asked: dict[str, int], code: str
) -> None:
    import boto3

    getattr(aws.client(service), verb)(**asked)
    stranger = boto3.Session("AKIASTRANGER", "x", region_name=aws.region).client(service, endpoint_url=aws.url)
    with pytest.raises(ClientError) as refused:
        getattr(stranger, verb)(**asked)
    assert _refused(refused) == code


def test_nothing_leaves_the_machine(aws: AwsSandbox) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError):
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://hooks.example.com/")
    with pytest.raises(ClientError):
        aws.client("lambda").list_functions()


@pytest.mark.parametrize("asked", [
    {"Limit": 61}, {"Filter": 'custom:user_id = "1"'}, {"Filter": "email = ann"}, {"Filter": f'email = "{"x" * 260}"'},
])  # fmt: skip
def test_cognito_refuses_what_it_documents_to_refuse(aws: AwsSandbox, asked: dict[str, object]) -> None:
    import botocore.exceptions

    idp = aws.client("cognito-idp")
    pool = idp.create_user_pool(PoolName="p")["UserPool"]["Id"]
    with pytest.raises((ClientError, botocore.exceptions.ParamValidationError)):
        idp.list_users(UserPoolId=pool, **asked)
