"""What botocore takes of an answer: up to a size, for a time, and from the address that was asked.

As it comes it reads an answer whole, whatever its size, and follows S3 to another region. A body that is streamed is
its reader's to bound; the error in place of one is bounded here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors import http
from connectors.errors import RefusedError, TransientError


def bind(client: Any, system: str, timeout: float, pace: Callable[[], None] = lambda: None) -> None:
    """Hold a client to it. `pace` is called before every call; `timeout` in seconds is that between two bytes.

    What is refused is raised as RefusedError or TransientError.
    """
    endpoint = client._endpoint  # no public name leads to the session that the client's settings made

    def send(request: Any, **_: Any) -> Any:
        pace()
        streamed, request.stream_output = request.stream_output, True  # True: nothing is read yet
        answer = endpoint.http_session.send(request)
        if not streamed or answer.status_code >= 300:
            answer._content = _whole(answer.raw, system, timeout)
        return answer

    client.meta.events.register("before-send", send)
    # Of a region that S3 names instead of answering: the inventory says where a bucket is.
    client.meta.events.register_last("before-parameter-build.s3", _stay)


def _stay(context: Any, **_: Any) -> None:
    context.setdefault("s3_redirect", {})["redirected"] = True


def _whole(raw: Any, system: str, timeout: float) -> bytes:
    try:
        found = b"".join(http.pieces(raw, timeout))
    except http.TooLargeError:
        raise RefusedError(system, f"the answer is larger than {http.MAX_ANSWER} bytes") from None
    except http.TooSlowError:
        raise TransientError(system, "the answer takes for ever") from None
    finally:
        raw.close()  # a connection that was read to its end has gone back to its pool before
    # AWS declares no entities; expat bounds what they unfold to only in proportion to the document.
    if found.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<!ENTITY" in found:
        raise RefusedError(system, "the answer declares entities, as none of AWS's does")
    return found
