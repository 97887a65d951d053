"""Readers of an inventory entry's settings, for connectors that speak HTTP.

Each returns the setting in its type, or raises ConfigError naming the setting and what it must be.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.isolation import is_loopback
from connectors.model import CollectionSpec, Secret, SystemSpec

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
# https://cloud.google.com/compute/docs/metadata/querying-metadata,
# https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
_METADATA = ("fd00:ec2::254", "metadata.google.internal", "metadata", "100.100.100.200")


def base_url(spec: SystemSpec, default: str = "", name: str = "base_url") -> str:
    """The address of the vendor's API, without a slash at its end: https, or anything on loopback.

    An address of a cloud's metadata service is refused: it would hand out the machine's own credentials.
    """
    url = str(spec.settings.get(name) or default).rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(spec.system, f"setting {name!r} must be the address of the API, and nothing but that")
    if _metadata(host):
        raise ConfigError(spec.system, f"setting {name!r} leads to the machine's own cloud, not to a vendor")
    if urlsplit(url).scheme != "https" and not is_loopback(url):
        raise ConfigError(spec.system, f"setting {name!r} must be https: the credentials travel with every call")
    return url


def _metadata(host: str) -> bool:
    """Link-local addresses, and the names and numbers under which clouds serve a machine its credentials."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.rstrip(".").lower() in _METADATA
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_link_local or host in _METADATA


def number(spec: SystemSpec, name: str, default: float, least: float, most: float = float("inf")) -> float:
    """A finite number within the bounds."""
    value = spec.settings.get(name, default)
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if isinstance(value, bool) or not least <= found <= most or found == float("inf"):
        bounds = f"{least:g} or more" if most == float("inf") else f"from {least:g} to {most:g}"
        raise ConfigError(spec.system, f"setting {name!r} must be a number, {bounds}")
    return found


def whole(spec: SystemSpec, name: str, default: int, least: int, most: float = float("inf")) -> int:
    """A whole number within the bounds."""
    found = number(spec, name, default, least, most)
    if found != int(found):
        raise ConfigError(spec.system, f"setting {name!r} must be a whole number")
    return int(found)


def flag(spec: SystemSpec, name: str, default: bool) -> bool:
    """True or false, and nothing that merely looks like it."""
    value = spec.settings.get(name, default)
    if not isinstance(value, bool):
        raise ConfigError(spec.system, f"setting {name!r} must be true or false")
    return value


def choice(spec: SystemSpec, name: str, options: Collection[str], default: str) -> str:
    """One of a few words."""
    value = spec.settings.get(name, default)
    if value not in options:
        raise ConfigError(spec.system, f"setting {name!r} must be one of {', '.join(options)}")
    return str(value)


def names(spec: SystemSpec, name: str, options: Collection[str] = (), default: Iterable[str] = ()) -> tuple[str, ...]:
    """A list of words; of `options` only, where they are given."""
    value: Any = spec.settings.get(name)
    value = tuple(default) if value is None else value
    listed = not isinstance(value, str | Mapping) and all(isinstance(v, str) and v for v in value)
    if not listed or (options and not set(value) <= set(options)):
        of = f" of {', '.join(options)}" if options else " of names"
        raise ConfigError(spec.system, f"setting {name!r} must be a list{of}")
    return tuple(value)


def known(spec: SystemSpec, settings: Collection[str]) -> None:
    """Refuse a setting that the connector does not have: a misspelt one would silently do nothing."""
    for name in sorted(set(spec.settings) - set(settings)):
        raise ConfigError(spec.system, f"unknown setting {name!r}; there are {', '.join(sorted(settings))}")


def secret(spec: SystemSpec, name: str, what: str) -> Secret:
    """A credential that must be there; `what` tells people what it is."""
    if name not in spec.secrets:
        raise ConfigError(spec.system, f"secret {name!r} is missing: {what}")
    return spec.secrets[name]


def collections_of(spec: SystemSpec, those: Iterable[str]) -> dict[str, CollectionSpec]:
    """Every collection that the vendor has, in its order, as the inventory describes it.

    What the inventory forgets is searched all the same, and withheld. A name that the vendor does
    not have is a ConfigError.
    """
    there = tuple(those)
    for name in (c.name for c in spec.collections if c.name not in there):
        raise ConfigError(spec.system, f"there is no collection {name!r}; there are {', '.join(there)}")
    described = {c.name: c for c in spec.collections}
    return {name: described.get(name, CollectionSpec(name)) for name in there}
