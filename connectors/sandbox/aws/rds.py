"""What moto gets wrong or lacks about Amazon RDS, put right around it: pages, automated backups, refusals.

Sources: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html (MaxRecords, Marker),
.../API_DeleteDBSnapshot.html, .../API_DescribeDBInstanceAutomatedBackups.html,
.../API_DescribeDBClusterAutomatedBackups.html.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from connectors.sandbox.aws.server import ACCOUNT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/"
_LISTS = {
    "DescribeDBSnapshots": "DBSnapshots",
    "DescribeDBClusterSnapshots": "DBClusterSnapshots",
    "DescribeExportTasks": "ExportTasks",
}
_AUTOMATED = {"DescribeDBInstanceAutomatedBackups": "DBInstance", "DescribeDBClusterAutomatedBackups": "DBCluster"}


class RdsCorrections:
    """A WSGI layer. `per_page` bounds every listing; `automated` and `window` say which automated backups there are."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        self.per_page = 100
        self.denied: set[str] = set()  # actions for which the permission is missing
        self.backtrack = 0  # seconds, of every cluster
        self._automated: list[dict[str, Any]] = []

    def retain(
        self, stem: str, name: str, days: int, latest: datetime | None = None, region: str = "us-east-1"
    ) -> None:
        """An automated backup of a "DBInstance" or "DBCluster"; with `latest`, of one that was deleted then."""
        end = latest or datetime.now(UTC)
        self._automated.append({
            "stem": stem, "name": name, "region": region, "days": days, "from": end - timedelta(days=days), "to": end,
            "status": "retained" if latest else "active",
        })  # fmt: skip

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "/rds/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        asked = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        action = asked.get("Action", "")
        region = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].split("/")[2]
        with self._lock:
            if action in self.denied:
                return _refuse(start_response, "AccessDenied", "not authorised to perform this action")
            if action in _AUTOMATED:
                return _xml(start_response, self._backups(action, asked, region))
            if action == "DeleteDBSnapshot" and asked["DBSnapshotIdentifier"].startswith("rds:"):
                return _refuse(start_response, "InvalidDBSnapshotState", "an automated snapshot goes by itself")
            if action in _LISTS:
                return self._paged(environ, start_response, _LISTS[action], asked)
            if action == "DescribeDBClusters" and self.backtrack:
                status, headers, xml = self._moto(environ)
                xml = xml.replace(b"<BacktrackWindow>0<", f"<BacktrackWindow>{self.backtrack}<".encode())
                start_response(status, [h for h in headers if h[0].lower() != "content-length"])
                return [xml]
        return self._app(environ, start_response)

    def _paged(
        self, environ: WSGIEnvironment, start_response: StartResponse, name: str, asked: dict[str, str]
    ) -> Iterable[bytes]:
        status, headers, xml = self._moto(environ)
        if not status.startswith("200"):
            start_response(status, headers)
            return [xml]
        root = ElementTree.fromstring(xml)  # noqa: S314 (a fake on loopback)
        result = root[0]
        listed = result.find(f"{{{_NAMESPACE}}}{name}")
        rows = list(listed) if listed is not None else []
        start, limit = int(asked.get("Marker") or 0), min(int(asked.get("MaxRecords") or 100), self.per_page)
        for row in rows if name == "ExportTasks" else ():
            ElementTree.SubElement(row, f"{{{_NAMESPACE}}}SnapshotTime").text = _exported_at(row)
        for n, row in enumerate(rows):
            if listed is not None and not start <= n < start + limit:
                listed.remove(row)
        if start + limit < len(rows):
            ElementTree.SubElement(result, f"{{{_NAMESPACE}}}Marker").text = str(start + limit)
        return _xml(start_response, ElementTree.tostring(root))

    def _backups(self, action: str, asked: dict[str, str], region: str) -> bytes:
        stem = _AUTOMATED[action]
        name = asked.get(f"{stem}Identifier")
        rows = [b for b in self._automated if b["stem"] == stem and b["region"] == region and b["name"] == name]
        told = "".join(
            f"<{stem}AutomatedBackup><{stem}Identifier>{b['name']}</{stem}Identifier>"
            f"<{stem}Arn>arn:aws:rds:us-east-1:{ACCOUNT}:{'db' if stem == 'DBInstance' else 'cluster'}:{b['name']}"
            f"</{stem}Arn><Region>{b['region']}</Region><Status>{b['status']}</Status>"
            f"<BackupRetentionPeriod>{b['days']}</BackupRetentionPeriod><RestoreWindow>"
            f"<EarliestTime>{b['from'].isoformat()}</EarliestTime><LatestTime>{b['to'].isoformat()}</LatestTime>"
            f"</RestoreWindow></{stem}AutomatedBackup>"
            for b in rows
        )
        answer = (
            f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result><{stem}AutomatedBackups>{told}'
            f"</{stem}AutomatedBackups></{action}Result></{action}Response>"
        )
        return answer.encode()

    def _moto(self, environ: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], bytes]:
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
            said.extend([status, headers])
            return lambda data: None

        body = b"".join(self._app(environ, start))
        return said[0], said[1], body


def _exported_at(row: ElementTree.Element) -> str:
    from moto.rds.models import rds_backends

    name = row.findtext(f"{{{_NAMESPACE}}}ExportTaskIdentifier") or ""
    return f"{rds_backends[ACCOUNT]['us-east-1'].export_tasks[name].created_at.isoformat()}Z"


def _refuse(start_response: StartResponse, code: str, message: str) -> Iterable[bytes]:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return _xml(start_response, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "400 Bad Request")


def _xml(start_response: StartResponse, body: bytes, status: str = "200 OK") -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]
