"""What the inventory says of one SaaS, checked: whatever could reach too far or find too little is refused.

The settings are the system's, the options one collection's; `connectors.rest` lists both.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import Action, CollectionSpec, IdentitySpec, SystemSpec, Trust
from connectors.rest.calls import Call
from connectors.rest.caution import ID, call_of, keys_of, path_of
from connectors.rest.pages import Pages, described
from connectors.rest.paths import EACH, Marks, Path, parse
from connectors.rest.reader import Reader

_SETTINGS = ("base_url", "auth", "check", "pages", "headers", "timeout")
_OPTIONS = ("id", "locate", "confirm", "export", "delete", "redact", "by_hand", "age_format")
_AUTH = {
    "bearer": ("by", "secret"),
    "header": ("by", "secret", "name"),
    "query": ("by", "secret", "name"),
    "basic": ("by", "secret", "user"),
}
_AGES = ("iso", "unix", "unix_ms")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Headers that would change the host, the method, the framing or the credentials of a call.
_NOT_A_HEADER = re.compile(
    r"host|cookie|authorization|proxy-.*|content-length|transfer-encoding|connection|forwarded|x-forwarded-.*"
    r"|x-http-method.*|x-method-override",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Service:
    """The settings of one SaaS."""

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    params: Mapping[str, str] = field(repr=False)
    check: str
    pages: Pages | None
    timeout: float  # seconds

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """Raises ConfigError naming the setting that is wrong."""
        read = Reader(spec.system, "settings", spec.settings, _SETTINGS)
        url = settings.base_url(spec)
        parts = urlsplit(url)
        if parts.query or parts.fragment or "@" in parts.netloc:
            read.fail("base_url", "must be scheme, host and path only; credentials go under `secrets`")
        headers, params = _credentials(spec, read)
        for name, value in read.mapping("headers").items():
            taken = {given.lower() for given in headers}
            if not _HEADER.fullmatch(name) or _NOT_A_HEADER.fullmatch(name) or name.lower() in taken:
                read.fail(f"headers.{name}", "cannot be set here; credentials go under `auth`")
            if not isinstance(value, str) or not _carried(value):
                read.fail(f"headers.{name}", "must be one line of text")
            headers[name] = value
        check = path_of(read, "check")
        if any("<" in segment for segment in check):
            read.fail("check", "must name nobody: a path that shows whether the credentials work")
        pages = described(read) if read.has("pages") else None
        timeout = settings.number(spec, "timeout", 30.0, least=0.001)
        return cls(url, headers, params, "/".join(check), pages, timeout)


def _credentials(spec: SystemSpec, read: Reader) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query parameters that prove who calls."""
    by = read.under("auth", sorted({k for keys in _AUTH.values() for k in keys})).choice("by", tuple(_AUTH))
    auth = read.under("auth", _AUTH[by])
    named = auth.text("secret", "the name of a secret under `secrets`")
    if named not in spec.secrets:
        there = ", ".join(sorted(spec.secrets)) or "none"
        auth.fail("secret", f"names no secret of this system; under `secrets` there is: {there}")
    value = spec.secrets[named].reveal()
    if not value.strip() or not _carried(value):
        raise ConfigError(spec.system, f"secret {named!r} is empty or has characters that a header cannot carry")
    if by == "bearer":
        return {"Authorization": f"Bearer {value}"}, {}
    if by == "basic":
        pair = f"{auth.text('user', 'a user name')}:{value}" if auth.has("user") else f"{value}:"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}, {}
    name = auth.text("name", f"the name of the {by} that carries the credential")
    if by == "query":
        return {}, {name: value}
    if not _HEADER.fullmatch(name) or (_NOT_A_HEADER.fullmatch(name) and name.lower() != "authorization"):
        auth.fail("name", "must be the name of a header")
    return {name: value}, {}


def _carried(value: str) -> bool:
    return value.isascii() and value.isprintable()


@dataclass(frozen=True, slots=True)
class Plan:
    """How one collection is searched, read, deleted and redacted."""

    spec: CollectionSpec
    marks: Marks
    id: Path
    locate: tuple[Call, ...]
    confirm: Call | None
    export: Call | None
    delete: Call | None
    redact: Call | None
    by_hand: str
    age: Path
    age_format: str

    @classmethod
    def of(cls, system: str, spec: CollectionSpec, pages: Pages | None) -> Self:
        """Raises ConfigError naming the option that is wrong."""
        read = Reader(system, f"collections.{spec.name}.options", spec.options, _OPTIONS)
        _fields(read, spec)
        kinds = {i.kind for i in spec.identities if i.match}
        if not kinds:
            found_by = Reader(system, f"collections.{spec.name}.found_by", {}, ())
            found_by.fail("", "names no field that must equal an identifier: nothing could be told from other people's")
        if ID in kinds:
            read.fail("", "cannot tell an identifier of the kind 'id' from a record's id: name the kind otherwise")
        number = parse(read.text("id", "the path of the record's id in a row", "id"))
        if not number or EACH in number:
            read.fail("id", "must be a path such as id, of one value in a row")
        calls = {verb: _one(read, verb, kinds, pages) for verb in ("confirm", "export", "delete", "redact")}
        plan = cls(
            spec,
            Marks.of(spec),
            number,
            tuple(_locates(read, kinds, pages)),
            calls["confirm"],
            calls["export"],
            calls["delete"],
            calls["redact"],
            read.text("by_hand", "what a person must do") if read.has("by_hand") else "",
            parse(spec.age_field) or (),
            read.choice("age_format", _AGES, "iso"),
        )
        _agree(read, plan)
        return plan

    def matching(self, claimed: bool) -> tuple[IdentitySpec, ...]:
        return tuple(i for i in self.spec.identities if i.match and (i.trust is Trust.CLAIMED) is claimed)

    def path(self, name: str) -> Path:
        """The path that a field's name spells; every name was seen to be one."""
        return parse(name) or ()

    @property
    def actions(self) -> frozenset[Action]:
        there = {Action.DELETE: self.delete, Action.REDACT: self.redact}
        return frozenset(action for action, call in there.items() if call)

    @property
    def settles(self) -> timedelta:
        return (self.delete and self.delete.settles) or timedelta(0)


def _fields(read: Reader, spec: CollectionSpec) -> None:
    names = [f.name for f in spec.fields] + [i.field for i in spec.identities] + [spec.age_field or "id"]
    for name in names:
        if not parse(name):
            read.fail("", f"need fields that are paths, such as requester.email or messages[].text; {name!r} is none")
    if spec.links:
        found = Reader(read.system, f"collections.{spec.name}", {}, ())
        found.fail("links", "are not followed here: let the other collection reveal an identifier to search by")
    if EACH in (parse(spec.age_field or "id") or ()):
        read.fail("", "need an age that is one value in a row")


def _locates(read: Reader, kinds: set[str], pages: Pages | None) -> list[Call]:
    given: Any = read.given.get("locate")
    many = given if isinstance(given, list) and given else [given]
    if given is None:
        read.fail("locate", "is missing: the call that searches for a person")
    places = [f"{read.place}.locate" + (f"[{n}]" if len(many) > 1 else "") for n in range(len(many))]
    found = [
        call_of(Reader(read.system, place, one, keys_of("locate")), "locate", kinds, pages)
        for place, one in zip(places, many, strict=True)
    ]
    searched = {call.kind for call in found}
    if "" not in searched and (missed := sorted(kinds - searched)):
        read.fail("locate", f"never searches by {missed[0]!r}, which found_by names: add a call with <{missed[0]}>")
    return found


def _one(read: Reader, verb: str, kinds: set[str], pages: Pages | None) -> Call | None:
    return call_of(read.under(verb, keys_of(verb)), verb, kinds, pages) if read.has(verb) else None


def _agree(read: Reader, plan: Plan) -> None:
    """The calls and what the inventory means to do fit together."""
    if plan.by_hand and plan.actions:
        read.fail("by_hand", "goes with neither delete nor redact: either the API does it or a person")
    if not plan.by_hand and not plan.actions:
        read.fail("delete", "is missing; give `delete` or `redact`, or say under `by_hand` what a person must do")
    if plan.actions and plan.confirm is None:
        read.fail("confirm", "is missing: the call that reads one record, before it goes and to see that it is gone")
    intended = plan.spec.intended
    if plan.actions and intended in (Action.DELETE, Action.REDACT) and intended not in plan.actions:
        read.fail(intended.value, "is missing, and on_deletion asks for it")
