"""The receipt's PDF: says word for word what the page says, and reads no text of it as markup."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.model import Action
from orchestrator.model import Coverage, Right
from orchestrator.receipt import html, sheet
from orchestrator.signing import SigningKey, envelope_bytes
from orchestrator.typeset import NoPdfError
from tests.office import ROOT
from tests.orchestrator.cases import RESULTS, built, case, plan, searched, step
from tests.orchestrator.test_receipt_page import full

SHA = "sha256:" + "ab" * 32


class _Words(HTMLParser):
    """All words of a page's body."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._body = self._body or tag == "body"

    def handle_data(self, data: str) -> None:
        if self._body:
            self.found.append(data)


def words_of_page(payload: Mapping[str, Any]) -> str:
    reader = _Words()
    reader.feed(html(payload, SHA))
    return re.sub(r"\s", "", "".join(reader.found))


def words_of_sheet(payload: Mapping[str, Any]) -> str:
    def runs(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if "text" in value:
                yield value["text"]
            # In the order in which a page has them.
            for name in ("runs", "tag", "caption", "heads", "rows"):
                yield from runs(value.get(name))
        elif isinstance(value, list):
            for item in value:
                yield from runs(item)

    return re.sub(r"[\s\u200b]", "", "".join(runs(list(sheet.blocks(html(payload, SHA))))))


def test_no_word_of_the_page_is_missing() -> None:
    payload = built(full())
    assert words_of_sheet(payload) == words_of_page(payload)


@settings(max_examples=40, deadline=None)
@given(RESULTS, st.sampled_from(Action), st.sampled_from(Coverage), st.sampled_from(Right), st.booleans())
def test_nor_of_any_other(result: Any, action: Action, coverage: Coverage, right: Right, export: bool) -> None:
    made = plan(step("a", action, note="x" * 300 if export else ""), coverage=(searched(coverage=coverage),))
    payload = built(case(replace(made, right=right), *([replace(result, ref="a")] if result else [])))
    assert words_of_sheet(payload) == words_of_page(payload)


def test_it_is_tagged_and_the_same_each_time() -> None:
    payload = built(full())
    made = sheet.pdf(payload, SHA)
    assert made.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in made
    assert b"/Lang" in made
    assert sheet.pdf(payload, SHA) == made


@pytest.mark.parametrize(
    "said",
    ["#panic()", "$ x $ ] } \\ @a <b> `c`", '"quoted" {{ 7 * 7 }}', "<script>alert(1)</script>", "# = - /* */ //"],
)
def test_no_text_is_read_as_markup(said: str) -> None:
    payload = built(case(plan(step("a", note=said))))
    assert re.sub(r"\s", "", said) in words_of_sheet(payload)
    assert sheet.pdf(payload, SHA).startswith(b"%PDF-")


def test_a_sign_that_no_font_has_is_named_as_the_reason() -> None:
    with pytest.raises(NoPdfError, match=r"letters\.fonts"):
        sheet.pdf(built(case(plan(step("a", note="\U000131e9")))), SHA)


def test_on_the_command_line(tmp_path: Path) -> None:
    key = SigningKey.ensure(tmp_path / "receipt.key")
    (tmp_path / "receipt.pub.pem").write_bytes(key.public_pem())
    file = tmp_path / "receipt.json"
    file.write_bytes(envelope_bytes(key.sign(built(full()))))
    made = dsr("receipt", "pdf", str(file), "--json")
    assert made.returncode == 0, made.stderr
    assert Path(json.loads(made.stdout)["file"]).read_bytes().startswith(b"%PDF-")
    file.write_bytes(file.read_bytes().replace(b"a", b"b", 1))
    (tmp_path / "receipt.pdf").unlink()
    assert dsr("receipt", "pdf", str(file)).returncode == 8
    assert not (tmp_path / "receipt.pdf").exists(), "nothing is set that does not verify"


def dsr(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
