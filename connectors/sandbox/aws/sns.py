"""What moto gets wrong about SNS, or lacks, put right before moto sees the call.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html (unconfirmed
subscriptions), https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html (the requester's own,
100 to a page), https://docs.aws.amazon.com/sns/latest/api/API_ListPhoneNumbersOptedOut.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox-deleting-phone-numbers.html (after a day).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from connectors.sandbox.aws.server import ACCOUNT, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CONFIRMED_BY_HAND = ("email", "email-json")
_LAPSES, _LISTED, _SETTLED = timedelta(hours=48), timedelta(hours=72), timedelta(hours=24)
_WRITES = frozenset({"Unsubscribe", "DeleteEndpoint", "DeleteSMSSandboxPhoneNumber"})


class _SnsError(Exception):
    def __init__(self, status: str, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


_INVALID = _SnsError("400 Bad Request", "InvalidParameter")


class SnsCorrections:
    """A WSGI layer around moto.

    Planting: `confirm` a subscription by mail, `foreign` (ARNs of subscriptions that belong to another
    account), `opted_out` (numbers), `sandbox_numbers` (number -> when it was verified or tried).
    `opted_in` is what OptInPhoneNumber was called for. `page_size` is 100 at SNS; `advance` lets time pass.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.reset()

    def reset(self) -> None:
        self.page_size = 100
        self.now = datetime.now(UTC)
        self.pending: dict[str, datetime] = {}
        self.removed: dict[str, datetime] = {}
        self.foreign: set[str] = set()
        self.opted_out: list[str] = []
        self.opted_in: list[str] = []
        self.sandbox_numbers: dict[str, datetime] = {}

    def advance(self, by: timedelta) -> None:
        self.now += by
        for state, after in ((self.pending, _LAPSES), (self.removed, _LISTED)):
            for arn in [arn for arn, since in state.items() if self.now - since >= after]:
                del state[arn]
                _backend().subscriptions.pop(arn, None)

    def confirm(self, endpoint: str) -> None:
        """As if the holder of the address had clicked."""
        for arn, held in _backend().subscriptions.items():
            if held.endpoint == endpoint:
                self.pending.pop(arn, None)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "/sns/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        asked = dict(parse_qsl(body.decode(), keep_blank_values=True))
        action = asked.get("Action", "")
        try:
            if action in _WRITES and environ.get("sandbox.lie"):
                return _answer(start_response, action, "")
            inner = self._inner(action, asked)
        except _SnsError as error:
            return _xml(start_response, f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code><Message>"
                        f"{error.code}</Message></Error></ErrorResponse>", error.status)  # fmt: skip
        return self._app(environ, start_response) if inner is None else _answer(start_response, action, inner)

    def _inner(self, action: str, asked: Mapping[str, str]) -> str | None:
        """What stands in the result; None: moto's."""
        handler = getattr(self, f"_{action}", None)
        return handler(asked) if handler is not None and action[:1].isupper() else None

    def _Subscribe(self, asked: Mapping[str, str]) -> str | None:  # noqa: N802 (the action's name)
        if asked.get("Protocol") not in _CONFIRMED_BY_HAND:
            return None
        before = set(_backend().subscriptions)
        made = _backend().subscribe(asked["TopicArn"], asked["Endpoint"], asked["Protocol"])
        if made.arn not in before:
            self.pending[made.arn] = self.now
        return f"<SubscriptionArn>{'pending confirmation' if made.arn in self.pending else made.arn}</SubscriptionArn>"

    def _Unsubscribe(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        arn = asked.get("SubscriptionArn", "")
        if not arn.startswith("arn:") or arn in self.pending:
            raise _INVALID
        if arn in self.foreign:
            self.removed.setdefault(arn, self.now)
        else:
            _backend().subscriptions.pop(arn, None)
        return ""

    def _ListSubscriptions(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        held = [s for arn, s in _backend().subscriptions.items() if arn not in self.foreign]
        return self._page("Subscriptions", [self._subscription(s) for s in held], asked)

    def _ListSubscriptionsByTopic(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        topic = asked["TopicArn"]
        if topic not in _backend().topics:
            raise _SnsError("404 Not Found", "NotFound")
        held = [s for s in _backend().subscriptions.values() if s.topic.arn == topic]
        return self._page("Subscriptions", [self._subscription(s) for s in held], asked)

    def _subscription(self, held: Any) -> str:
        shown = (
            "Deleted" if held.arn in self.removed else "PendingConfirmation" if held.arn in self.pending else held.arn
        )
        owner = "210987654321" if held.arn in self.foreign else ACCOUNT
        return _members(SubscriptionArn=shown, Owner=owner, Protocol=held.protocol, Endpoint=held.endpoint,
                        TopicArn=held.topic.arn)  # fmt: skip

    def _ListPlatformApplications(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        held = [_members(PlatformApplicationArn=arn) for arn in _backend().applications]
        return self._page("PlatformApplications", held, asked)

    def _ListEndpointsByPlatformApplication(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        if asked["PlatformApplicationArn"] not in _backend().applications:
            raise _SnsError("404 Not Found", "NotFound")
        held = _backend().list_endpoints_by_platform_application(asked["PlatformApplicationArn"])
        return self._page("Endpoints", [_endpoint(e) for e in held], asked)

    def _ListPhoneNumbersOptedOut(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        return self._page("phoneNumbers", [escape(n) for n in self.opted_out], asked, "nextToken")

    def _CheckIfPhoneNumberIsOptedOut(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        if not asked.get("phoneNumber", "").startswith("+"):
            raise _INVALID
        return f"<isOptedOut>{str(asked['phoneNumber'] in self.opted_out).lower()}</isOptedOut>"

    def _OptInPhoneNumber(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        self.opted_in.append(asked.get("phoneNumber", ""))
        return ""

    def _ListSMSSandboxPhoneNumbers(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        held = [_members(PhoneNumber=number, Status="Verified") for number in self.sandbox_numbers]
        return self._page("PhoneNumbers", held, asked)

    def _CreateSMSSandboxPhoneNumber(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        self.sandbox_numbers[asked["PhoneNumber"]] = self.now
        return ""

    def _DeleteSMSSandboxPhoneNumber(self, asked: Mapping[str, str]) -> str:  # noqa: N802
        since = self.sandbox_numbers.get(asked.get("PhoneNumber", ""))
        if since is None:
            raise _SnsError("404 Not Found", "ResourceNotFound")
        if self.now - since < _SETTLED:
            raise _SnsError("400 Bad Request", "UserError")
        del self.sandbox_numbers[asked["PhoneNumber"]]
        return ""

    def _page(self, member: str, rows: Sequence[str], asked: Mapping[str, str], token: str = "NextToken") -> str:  # noqa: S107
        given = asked.get(token, "0")
        if not given.isdigit():
            raise _INVALID
        start, most = int(given), int(asked.get("MaxResults", self.page_size))
        more = f"<{token}>{start + most}</{token}>" if len(rows) > start + most else ""
        inner = "".join(f"<member>{row}</member>" for row in rows[start : start + most])
        return f"<{member}>{inner}</{member}>{more}"


def _endpoint(held: Any) -> str:
    attributes = {"Enabled": str(held.enabled).lower(), "Token": held.token, **held.attributes}
    if held.custom_user_data:
        attributes["CustomUserData"] = held.custom_user_data
    entries = "".join(f"<entry>{_members(key=k, value=str(v))}</entry>" for k, v in attributes.items())
    return f"{_members(EndpointArn=held.arn)}<Attributes>{entries}</Attributes>"


def _members(**values: str) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())


def _backend() -> Any:
    from moto.sns.models import sns_backends

    return sns_backends[ACCOUNT][REGION]


def _answer(start_response: StartResponse, action: str, inner: str) -> Iterable[bytes]:
    named = f"<{action}Result>{inner}</{action}Result>"
    meta = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    return _xml(start_response, f"<{action}Response>{named}{meta}</{action}Response>")


def _xml(start_response: StartResponse, body: str, status: str = "200 OK") -> Iterable[bytes]:
    data = body.encode()
    headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(data)))]
    start_response(status, [*headers, ("x-amzn-RequestId", str(uuid.uuid4()))])
    return [data]
