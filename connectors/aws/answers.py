"""Listings that are whole or raise, and answers that are to the request that was made.

AWS's listings say neither which page they are nor where it began. So an answer without the list
that was asked for, a page that leads back to an earlier one, and an answer whose request id was
seen before (from a cache, or a connection out of step) are faults, never short listings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.aws.session import code, named_errors
from connectors.errors import TransientError
from connectors.http import error_for

_REMEMBERED = 50_000  # request ids; beyond it the oldest are forgotten
_seen: dict[str, None] = {}
_lock = threading.Lock()


def watch(client: Any, system: str) -> None:
    """Have the client refuse what is not an answer to its request, in our errors."""

    expects_xml = client.meta.service_model.metadata["protocol"] == "query"

    def check(response_dict: Mapping[str, Any], **_: Any) -> None:
        status, headers = response_dict["status_code"], response_dict["headers"]
        # An error that is no XML, where botocore expects it, would lose its status and Retry-After.
        if status >= 400 and expects_xml and not response_dict["body"].lstrip().startswith(b"<"):
            raise error_for(system, status, headers, "the answer is not AWS's own")
        if status < 300 and _repeated(headers.get("x-amzn-requestid", "")):
            raise TransientError(system, "an answer came a second time, in place of another")

    client.meta.events.register(f"before-parse.{client.meta.service_model.service_id.hyphenize()}.*", check)


def _repeated(request_id: str) -> bool:
    if not request_id:
        return False
    with _lock:
        if request_id in _seen:
            return True
        _seen[request_id] = None
        if len(_seen) > _REMEMBERED:
            del _seen[next(iter(_seen))]
    return False


def call(system: str, doing: str, verb: Callable[..., Any], absent: frozenset[str] = frozenset(), **asked: Any) -> Any:
    """One call; None if AWS answers with one of the codes in `absent`."""
    from botocore.exceptions import ClientError

    with named_errors(system, doing):
        try:
            return verb(**asked)
        except ClientError as error:
            if code(error) in absent:
                return None
            raise


def rows(
    system: str,
    doing: str,
    verb: Callable[..., Any],
    member: str,
    token: str | tuple[str, str] = "NextToken",  # noqa: S107 (the name of a field)
    absent: frozenset[str] = frozenset(),
    **asked: Any,
) -> Iterator[Any]:
    """Every row of a listing, page by page; nothing where AWS answers with one of the codes in `absent`.

    `token`: the field in which a page names the next one, and that which asks for it where it differs.
    """
    said, wanted = (token, token) if isinstance(token, str) else token
    given: dict[str, Any] = dict(asked)
    followed: set[str] = set()
    while True:
        answer = call(system, doing, verb, absent, **given)
        if answer is None:
            return
        if member not in answer:
            raise TransientError(system, f"{doing}: the answer is not the list that was asked for")
        yield from answer[member]
        following = answer.get(said)
        if not following:
            return
        if following in followed:
            raise TransientError(system, f"{doing}: the listing leads back to a page that was read")
        followed.add(following)
        given[wanted] = following
