"""What a system holds, compared with what somebody says: the values pass through and are kept nowhere. Pure, but for
reading the artifacts given to it."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from connectors.model import Artifact

LARGEST = 8 * 1024 * 1024  # bytes of one artifact; of a larger one nothing is read
_SHORTEST = 2  # characters that say something
_NUMBER = 10  # digits of a telephone number without its country


class Answer(StrEnum):
    """What came of comparing one point."""

    MATCHED = "matched"
    NOT_MATCHED = "not matched"
    NOT_HELD = "not held"  # nothing to compare with, or nothing that is surely one person's


def values(artifact: Artifact, field: str) -> Iterator[str]:
    """Every value of a field in an export: CSV or JSON Lines; nothing of another form."""
    content = bytearray()
    for chunk in artifact.chunks:
        content += chunk
        if len(content) > LARGEST:
            return
    text = content.decode("utf-8", errors="replace")
    if artifact.media_type == "text/csv":
        yield from _of_csv(text, field)
    elif artifact.media_type == "application/jsonl":
        for line in text.splitlines():
            if line.strip():
                yield from _at(json.loads(line), field.split("->"))


def compared(said: str, held: Iterable[str], how: str) -> Answer:
    """Whether any of the held values is what was said. Takes as long for one that is as for one that is not."""
    wanted = _fingerprint(normal(said, how))
    known = [_fingerprint(n) for value in held if (n := normal(value, how))]
    same = [hmac.compare_digest(wanted, one) for one in known]
    return Answer.NOT_HELD if not same else Answer.MATCHED if any(same) else Answer.NOT_MATCHED


def normal(text: str, how: str) -> str:
    """Letters and digits in one case; of `digits` the last ten. Empty if that says too little to compare."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    if how == "digits":
        plain = "".join(c for c in plain if c.isdecimal())[-_NUMBER:]
    return plain if len(plain) >= _SHORTEST else ""


def together(answers: Iterable[Answer]) -> Answer:
    """One answer over all identifiers of a request: it matches only if it does for every one."""
    found = set(answers)
    if Answer.NOT_MATCHED in found:
        return Answer.NOT_MATCHED
    return Answer.MATCHED if found == {Answer.MATCHED} else Answer.NOT_HELD


def _of_csv(text: str, field: str) -> Iterator[str]:
    try:
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if value := row.get(field):
                yield value
    except csv.Error:  # a field too long for the reader: there is nothing to compare with
        return


def _at(value: Any, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif path and isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])
    elif not path and isinstance(value, (str, int)):
        yield str(value)


def _fingerprint(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
