"""What moto gets wrong or lacks about CloudWatch Logs, put right before moto sees the call.

Filter patterns are matched here: moto takes every pattern that begins with `{`, `?` or `%` for one
that matches everything. Lines expire, 72 hours after the group's retention.
Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html,
.../API_PutRetentionPolicy.html, .../API_DescribeAccountPolicies.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox.aws.json_service import Answer, JsonService, Moto, Refused, paged
from connectors.sandbox.aws.server import ACCOUNT, REGION

RETENTIONS = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
LONGEST = 1024
_ALLOWED = re.compile(r"[A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+. -]*")  # within %…%: no groups, no other signs
_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?:\s+|$)')
_ADDRESS = re.compile(r"[\w.+%-]+@[\w.-]+")
_DAY = 86_400_000  # milliseconds


class LogsCorrections(JsonService):
    """Switches: `empty_pages`: every page is preceded by an empty one. `masked`: groups with a data
    protection policy. `classes`: group -> log class. `policies`: subscriptions of the account.
    `advance` lets time pass; `log` writes a line of any age, which PutLogEvents does not take."""

    target = "Logs_20140328"

    def reset(self) -> None:
        super().reset()
        self.empty_pages = False
        self.masked: set[str] = set()
        self.classes: dict[str, str] = {}
        self.policies: list[str] = []
        self._later = timedelta(0)

    def advance(self, by: timedelta) -> None:
        self._later += by

    def log(
        self, group: str, message: str, days: float = 1, stream: str = "app", received: float | None = None
    ) -> None:
        """A line `days` old, which arrived `received` days ago (default: at once)."""
        from moto.logs.models import LogEvent, LogStream, logs_backends

        there = logs_backends[ACCOUNT][REGION].groups[group]
        now = int(time.time() * 1000)
        arrived = now - int((days if received is None else received) * _DAY)
        event = LogEvent(arrived, {"timestamp": now - int(days * _DAY), "message": message})
        there.streams.setdefault(stream, LogStream(there, stream)).events.append(event)

    def FilterLogEvents(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802 (operations are named as Amazon does)
        matches = matcher(asked.pop("filterPattern", ""))
        token, limit = asked.pop("nextToken", ""), asked.pop("limit", 10_000)
        unmasked = asked.pop("unmask", False)
        kind, _, after = token.partition(":")
        if self.empty_pages and kind != "full":
            return {"events": [], "searchedLogStreams": [], "nextToken": f"full:{after}"}
        group = asked["logGroupName"]
        rows = [self._shown(e, group, unmasked) for e in self._all(asked, moto) if not self._expired(e, group)]
        page, following = paged([r for r in rows if matches(r["message"])], after, limit)
        return {"events": page, "searchedLogStreams": [], **({"nextToken": f"page:{following}"} if following else {})}

    def _all(self, asked: Answer, moto: Moto) -> list[dict[str, Any]]:
        """What moto holds; its own limit is the largest there is."""
        rows: list[dict[str, Any]] = []
        token: str | None = None
        while True:
            answer = moto({**asked, "interleaved": True, "limit": 10_000, **({"nextToken": token} if token else {})})
            rows += answer["events"]
            token = answer.get("nextToken")
            if not token:
                return rows

    def _shown(self, event: dict[str, Any], group: str, unmasked: bool) -> dict[str, Any]:
        if group not in self.masked or unmasked:
            return event
        return {**event, "message": _ADDRESS.sub(lambda m: "*" * len(m.group()), event["message"])}

    def _expired(self, event: dict[str, Any], group: str) -> bool:
        from moto.logs.models import logs_backends

        days = int(logs_backends[ACCOUNT][REGION].groups[group].retention_in_days or 0)
        now = time.time() * 1000 + self._later.total_seconds() * 1000
        latest = max(event["timestamp"], event["ingestionTime"])
        return bool(days) and latest + (days + 3) * _DAY < now

    def DescribeLogGroups(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        answer = moto(asked)
        for group in answer["logGroups"]:
            group["logGroupClass"] = self.classes.get(group["logGroupName"], "STANDARD")
            if group["logGroupName"] in self.masked:
                group["dataProtectionStatus"] = "ACTIVATED"
        return answer

    def PutRetentionPolicy(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        if asked["retentionInDays"] not in RETENTIONS:
            raise Refused("InvalidParameterException", "retentionInDays")
        return moto(asked)

    def DescribeAccountPolicies(self, asked: Answer, moto: Moto) -> Answer:  # noqa: N802
        held = [{"policyName": name, "policyType": "SUBSCRIPTION_FILTER_POLICY"} for name in self.policies]
        return {"accountPolicies": [p for p in held if p["policyType"] == asked["policyType"]]}


def matcher(pattern: str) -> Callable[[str], bool]:
    """What a filter pattern finds: nothing given, everything; `%…%`; or terms, `?` any of them, `-` none."""
    if len(pattern) > LONGEST:
        raise Refused("InvalidParameterException", "filterPattern is too long")
    if not pattern.strip():
        return lambda message: True
    if pattern.startswith("%"):
        inner = pattern[1:-1]
        if not pattern.endswith("%") or "%" in inner or not _ALLOWED.fullmatch(inner):
            raise Refused("InvalidParameterException", "Invalid filter pattern")
        expression = re.compile(inner)
        return lambda message: expression.search(message) is not None
    terms = [(m[1], m[3] or re.sub(r"\\(.)", r"\1", m[2] or "")) for m in _TERM.finditer(pattern)]
    if _TERM.sub("", pattern.strip()):  # an address without quotes, a JSON selector
        raise Refused("InvalidParameterException", "Invalid filter pattern")

    def matches(message: str) -> bool:
        wanted = [t for sign, t in terms if sign == ""]
        either = [t for sign, t in terms if sign == "?"]
        return (
            all(t in message for t in wanted)
            and not any(t in message for sign, t in terms if sign == "-")
            and (not either or any(t in message for t in either))
        )

    return matches
