"""AWS Backup: recovery points of resources, read only. moto has none.

Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByResource.html,
.../API_DescribeRecoveryPoint.html, .../API_DeleteRecoveryPoint.html (200 without effect lacking a permission).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from connectors.sandbox.aws.json_service import paged

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BackupFake:
    """A WSGI layer that answers for the service "backup" and lets all else through."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.points: list[dict[str, Any]] = []
        self.per_page = 100

    def reset(self) -> None:
        self.points.clear()
        self.per_page = 100

    def add(self, resource: str, until: float | None = None, continuous_days: int | None = None) -> None:
        """One recovery point of a resource (an ARN); `until` is a unix time."""
        kind = "continuous:" if continuous_days else ""
        arn = f"arn:aws:backup:us-east-1:123456789012:recovery-point:{kind}{len(self.points)}"
        lifecycle = {"DeleteAfterDays": continuous_days} if continuous_days else {}
        calculated = {"DeleteAt": until} if until else {}
        self.points.append({
            "RecoveryPointArn": arn, "BackupVaultName": "Default", "ResourceArn": resource, "Status": "COMPLETED",
            "CreationDate": time.time(), "Lifecycle": lifecycle, "CalculatedLifecycle": calculated,
        })  # fmt: skip

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "/backup/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        path = unquote(environ["PATH_INFO"])
        if path.startswith("/resources/"):
            arn = path.removeprefix("/resources/").removesuffix("/recovery-points/")
            return _json(start_response, "200 OK", self._listed(arn, environ.get("QUERY_STRING", "")))
        for point in self.points:
            if path.endswith(f"/recovery-points/{point['RecoveryPointArn']}"):
                return _json(start_response, "200 OK", point)
        return _json(start_response, "404 Not Found", {"Code": "ERROR_3301", "message": "no such recovery point"})

    def _listed(self, arn: str, query: str) -> dict[str, Any]:
        after = parse_qs(query).get("nextToken", [""])[0]
        rows = [p for p in self.points if p["ResourceArn"] == arn]
        page, following = paged(rows, after, self.per_page)
        shown = ("RecoveryPointArn", "BackupVaultName", "Status", "CreationDate")
        told = [{k: p[k] for k in shown} for p in page]
        return {"RecoveryPoints": told, **({"NextToken": following} if following else {})}


def _json(start_response: StartResponse, status: str, answer: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if not status.startswith("200"):
        headers.append(("x-amzn-errortype", "ResourceNotFoundException"))
    start_response(status, headers)
    return [body]
