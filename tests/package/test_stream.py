"""Texts in chunks: where a chunk or a window ends makes no difference."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.package import stream
from orchestrator.package.scan import Found
from tests.package.planted import SENTENCES, TEXT, VALUES, leaked
from tests.package.test_scan import SCANNER

LETTER = "A word, and another.\n" * 5 + TEXT + "Grüße 😀 und mehr.\n" + TEXT
LONGEST = max(len(s) for s, _ in SENTENCES.values())


def cleaned(content: bytes, cuts: list[int], body: int = 500, margin: int = 200) -> bytes:
    edges = [0, *sorted(c % (len(content) + 1) for c in cuts), len(content)]
    chunks = [content[a:b] for a, b in pairwise(edges)]
    texts = stream.cleaned(stream.decoded(chunks), SCANNER, Found(), body=body, margin=margin)
    return b"".join(stream.encoded(texts))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(min_value=0), max_size=12), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_text_split_anywhere_gives_the_same(cuts: list[int], encoding: str) -> None:
    content = LETTER.encode(encoding)
    assert cleaned(content, cuts) == cleaned(content, [])
    assert not leaked(cleaned(content, cuts))


@pytest.mark.parametrize("kind", SENTENCES)
def test_no_value_slips_through_at_the_border_of_a_window(kind: str) -> None:
    sentence, value = SENTENCES[kind]  # type: ignore[index]
    for shift in range(0, LONGEST + 2, 3):
        lead = ("filler. " * 30)[: 200 - LONGEST + shift] + "\n"
        out = cleaned((lead + sentence + "\n" + "more. " * 60).encode(), [], body=200, margin=LONGEST + 20)
        assert value.encode() not in out, shift


def test_bytes_that_are_no_utf_8_stay_what_they_are() -> None:
    content = "café, SSN 219-09-9991, naïve".encode("latin-1")
    out = cleaned(content, [3])
    assert out.startswith("café".encode("latin-1"))
    assert b"219-09-9991" not in out


def test_what_is_no_text_is_refused_wherever_it_begins() -> None:
    with pytest.raises(stream.NotTextError):
        cleaned(b"text " * 300 + b"\x00\x01", [700])


def test_a_key_longer_than_a_window_leaves_nothing() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 200 + "-----END PRIVATE KEY-----"
    out = cleaned(f"before {key} after".encode(), [100, 4000], body=8000, margin=7000)
    assert b"MIIE" not in out
    assert out.startswith(b"before ")
    assert out.endswith(b" after")
    assert VALUES
