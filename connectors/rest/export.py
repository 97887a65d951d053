"""One record as JSON lines, with what the inventory discloses and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connectors.errors import RefusedError
from connectors.model import Artifact, Disclosure, FieldSpec, Locator
from connectors.rest.api import Api, Row
from connectors.rest.description import Plan
from connectors.rest.paths import DROP, bears
from connectors.rest.search import OWN, Search


def artifact(system: str, api: Api, plan: Plan, search: Search, at: Locator) -> Artifact:
    """The person's own rows, each read through `export` where that is described."""
    rows = list(_whole(system, api, plan, search, at))
    withheld = {
        "unmarked field" if mark is None else mark.type or mark.name
        for row in rows
        for _, value, mark in plan.marks.parts(row)
        if bears(value) and _disclosed(mark, value) is DROP
    }
    lines = (json.dumps(plan.marks.rebuilt(row, _disclosed)).encode() + b"\n" for row in rows)
    return Artifact(f"{plan.spec.name}.jsonl", "application/jsonl", lines, tuple(sorted(withheld)))


def _disclosed(mark: FieldSpec | None, value: Any) -> Any:
    return value if mark is not None and mark.disclosure is Disclosure.DISCLOSE else DROP


def _whole(system: str, api: Api, plan: Plan, search: Search, at: Locator) -> Iterator[Row]:
    for row in search.rows_at(at):
        if plan.export is None:
            yield row
            continue
        whole = api.record(plan, plan.export, row)
        if whole is None:
            continue
        if api.id(plan, whole) != api.id(plan, row) or search.standing(plan, whole) != OWN:
            message = f"{plan.spec.name}: what export reads at a row's id is not the person's; is option 'id' right?"
            raise RefusedError(system, message)
        yield whole
