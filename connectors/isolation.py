"""What keeps a sandbox run away from live systems: loopback only, the sandbox's own credentials,
and none of the credentials that happen to lie in the environment.
"""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import MutableMapping
from urllib.parse import parse_qs, unquote, urlsplit

from connectors.errors import ConfigError
from connectors.model import SystemSpec

MARK = "sandbox"  # every credential of the sandbox bears this word; no live one does
_AMBIENT = (
    "AWS_",
    "AMAZON_",
    "BOTO_",
    "GOOGLE_",
    "GCLOUD_",
    "CLOUDSDK_",
    "GCE_",
    "STRIPE_",
    "HEROKU_",
    "SENDGRID_",
    "TWILIO_",
    "HATCHBUCK_",
    "BENCHMARK",
    "PAPERTRAIL_",
    "SOLARWINDS_",
    "SWO_",
    "CALENDLY_",
    "GMAIL_",
    "DATABASE_",
    "PG",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NETRC",
)


def strip_ambient(environ: MutableMapping[str, str] | None = None) -> list[str]:
    """Remove live-looking credentials and proxies from the process; return the removed names.

    Also points the AWS SDK away from its profile files and metadata service, and Google's from
    its default credentials.
    """
    environ = os.environ if environ is None else environ
    removed = [n for n in environ if n.upper().startswith(_AMBIENT) and not n.startswith("DSR_")]
    for name in removed:
        del environ[name]
    nowhere = "/nonexistent/dsr-sandbox"
    environ.update(
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=nowhere,
        AWS_SHARED_CREDENTIALS_FILE=nowhere,
        AWS_ACCESS_KEY_ID=MARK,
        AWS_SECRET_ACCESS_KEY=MARK,
        GOOGLE_APPLICATION_CREDENTIALS=nowhere,
        NO_GCE_CHECK="true",
        PGPASSFILE=nowhere,
        PGSERVICEFILE=nowhere,
        NO_PROXY="*",
    )
    return sorted(removed)


def require_isolated(spec: SystemSpec) -> None:
    """Raise ConfigError unless every address is loopback and every credential the sandbox's own."""
    addresses = [v for k, v in spec.settings.items() if k.endswith(("url", "endpoint", "host")) and isinstance(v, str)]
    for name, secret in spec.secrets.items():
        value = secret.reveal()
        if MARK not in value:
            raise ConfigError(spec.system, f"secret {name!r} is not the sandbox's own; a sandbox run takes no other")
        addresses += _addresses(value)
    if not addresses and spec.connector != "memory":
        raise ConfigError(spec.system, "a sandbox entry needs an address on loopback")
    for address in addresses:
        if not is_loopback(address):
            raise ConfigError(
                spec.system, "a sandbox entry must point at loopback (127.0.0.0/8, ::1 or a local socket)"
            )


def _addresses(value: str) -> list[str]:
    """The addresses in a credential: itself, or what stands in its JSON (a service account's token_uri)."""
    try:
        parts: list[object] = [json.loads(value)]
    except (ValueError, RecursionError):
        parts = [value]
    found = []
    for part in parts:  # grows while it is walked
        if isinstance(part, dict | list):
            parts += part.values() if isinstance(part, dict) else part
        elif isinstance(part, str) and "://" in part:
            found.append(part)
    return found


def is_loopback(address: str) -> bool:
    """Whether a URL, host or PostgreSQL URI leads to this machine only. Names are not resolved,
    but for `localhost`, which RFC 6761 reserves."""
    url = urlsplit(address if "://" in address else f"//{address}")
    query = parse_qs(url.query)
    hosts = [h for part in query.get("host", []) + query.get("hostaddr", []) for h in part.split(",")]
    authority = url.netloc.rpartition("@")[2]
    if url.hostname or not hosts:
        if "," in authority:
            return False
        hosts.append(url.hostname or "")
    return bool(hosts) and all(_local(unquote(host)) for host in hosts)


def _local(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
