"""Sign-in accounts, mail and notifications: what the sandbox's Cognito, SES and SNS hold."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.aws.server import ACCOUNT
from connectors.sandbox.store import AmazonStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

POOL, CONTACTS, TENANT = "customers", "newsletter", "courses"
CROWD = range(31, USERS, 150)


class Amazon(AmazonStore):
    """The store: Cognito, SES and SNS."""

    def plant(self, now: datetime) -> None:
        self._accounts(now)
        self._mail(now)
        self._notifications()

    def _accounts(self, now: datetime) -> None:
        idp = self.aws.client("cognito-idp")
        schema = [{"Name": "user_id", "AttributeDataType": "String"}]
        pool = idp.create_user_pool(PoolName=POOL, Schema=schema)["UserPool"]["Id"]
        idp.create_group(UserPoolId=pool, GroupName="trainees")
        self.aws.cognito.threat_protection.add(pool)
        for who in (*PEOPLE, *map(person, CROWD)):
            self._account(pool, f"user-{who.user_id}", who, who.email)
        subject = PEOPLE.subject
        self._account(pool, "google_104200042", subject, subject.email.title())
        # Anybody can sign up with her address: the account is his who did, and the address not verified.
        self._account(pool, "rob-other", PEOPLE.attacker, subject.email, verified="false")
        for held in _pool().users.values():
            held.create_date = held.last_modified_date = now.replace(tzinfo=None) - timedelta(days=400)

    def _account(self, pool: str, username: str, who: Person, email: str, verified: str = "true") -> None:
        idp = self.aws.client("cognito-idp")
        given = {"email": email, "email_verified": verified, "name": who.name, "custom:user_id": str(who.user_id)}
        attributes = [{"Name": k, "Value": v} for k, v in given.items()]
        made = idp.admin_create_user(
            UserPoolId=pool, Username=username, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        if who in PEOPLE:
            idp.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName="trainees")
            sub = next(a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")
            name = {"Name": "device_name", "Value": f"phone of {who.name}"}
            self.aws.cognito.devices[sub] = [{"DeviceKey": f"us-east-1_{who.user_id}", "DeviceAttributes": [name]}]
            context = {"IpAddress": f"192.0.2.{who.user_id % 250}", "City": "Madison"}
            self.aws.cognito.auth_events[sub] = [{"EventType": "SignIn", "EventContextData": context}]

    def _mail(self, now: datetime) -> None:
        ses = self.aws.client("sesv2")
        ses.create_contact_list(ContactListName=CONTACTS)
        self.aws.ses.tenants[TENANT] = ("TENANT", ("BOUNCE", "COMPLAINT"))
        for who in (*PEOPLE, *map(person, CROWD)):
            said = {"UnsubscribeAll": True} if who == PEOPLE.bystander else {}
            attributes = json.dumps({"name": who.name})
            ses.create_contact(ContactListName=CONTACTS, EmailAddress=who.email, AttributesData=attributes, **said)
        for who in (PEOPLE.subject, PEOPLE.bystander, PEOPLE.namesake):
            ses.create_email_identity(EmailIdentity=who.email)
            self.aws.ses.suppress(who.email, when=now - timedelta(days=60))
        ses.create_email_identity(EmailIdentity="example.com")

    def _notifications(self) -> None:
        sns = self.aws.client("sns")
        topic = sns.create_topic(Name="course-news")["TopicArn"]
        app = sns.create_platform_application(Name="app", Platform="GCM", Attributes={})["PlatformApplicationArn"]
        for who in PEOPLE:
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=who.email)
            self.aws.sns.confirm(who.email)
            data = json.dumps({"user_id": str(who.user_id)})
            device = sns.create_platform_endpoint(
                PlatformApplicationArn=app, Token=f"device-token-{who.user_id}", CustomUserData=data
            )
            sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device["EndpointArn"])
        sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint=PEOPLE.subject.email)  # never confirmed

    def of(self, person: Person) -> object:
        """By service. What the server numbers at random is left out."""
        return {
            "cognito": self._accounts_of(person),
            "ses": self._mail_of(person),
            "sns": self._notifications_of(person),
        }

    def _accounts_of(self, person: Person) -> list[Any]:
        found = []
        for name, held in sorted(_pool().users.items()):
            attributes = {a["Name"]: a["Value"] for a in held.attributes}
            sub = attributes.pop("sub")
            if attributes["custom:user_id"] == str(person.user_id):
                layer = self.aws.cognito
                beside = (layer.devices.get(sub), layer.auth_events.get(sub), sorted(g.group_name for g in held.groups))
                found.append((name, attributes, held.enabled, *beside))
        return found

    def _mail_of(self, person: Person) -> list[Any]:
        from moto.ses.models import ses_backends

        from connectors.sandbox.aws.ses import contacts

        mine = person.email.casefold()
        times = ("CreatedTimestamp", "LastUpdatedTimestamp")
        rows: list[Any] = [
            {k: v for k, v in row.items() if k not in times} for _, row in contacts()
            if row["EmailAddress"].casefold() == mine
        ]  # fmt: skip
        rows += [(key, when) for key, when in sorted(self.aws.ses.suppressed.items()) if key[1].casefold() == mine]
        identities = ses_backends[ACCOUNT][self.aws.region].email_identities
        return rows + [("identity", name) for name in sorted(identities) if name.casefold() == mine]

    def _notifications_of(self, person: Person) -> list[Any]:
        from moto.sns.models import sns_backends

        held = sns_backends[ACCOUNT][self.aws.region]
        token = f"device-token-{person.user_id}"
        devices = {arn: e.custom_user_data for arn, e in held.platform_endpoints.items() if e.token == token}
        mine = {person.email.casefold(), *devices}
        subscribed = sorted(
            (s.protocol, token if s.endpoint in devices else s.endpoint, arn in self.aws.sns.pending)
            for arn, s in held.subscriptions.items()
            if {s.endpoint, s.endpoint.casefold()} & mine
        )
        return [*subscribed, *sorted(devices.values())]


def _pool() -> Any:
    from moto.cognitoidp.models import cognitoidp_backends

    pools = cognitoidp_backends[ACCOUNT]["us-east-1"].user_pools.values()
    return next(pool for pool in pools if pool.name == POOL)
