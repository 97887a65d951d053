"""A file that staff hand in beside what they record: evidence of a step, a letter as it went out."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import NotAllowedError


def content_of(path: Path, what: str, *, most: int = -1, wanted: str = "") -> bytes:
    """Its bytes, up to one more than `most`, so that the caller can tell that it is larger.

    `what` it is called in messages, `wanted` the way out of an empty one. NotAllowedError if it
    cannot be read or is empty.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1 if most >= 0 else -1)
    except OSError as error:
        raise NotAllowedError(f"cannot read {what} {path}: {error.strerror}") from None
    if not content:
        raise NotAllowedError(f"{what} {path} is empty" + (f": {wanted}" if wanted else ""))
    return content
