"""The record of processing for people: as Markdown, and as one page without scripts or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from orchestrator.policy.processing import Activity, Processing

PARTS = (
    ("As controller (Art. 30(1))", "activities"),
    ("On behalf of customer organisations, as processor (Art. 30(2))", "on_behalf"),
)
UNTIL_ASKED = "Until the person has it deleted, where no rule says otherwise"


def html(record: Processing) -> str:
    return _template().render(record=record, parts=_parts(record), until_asked=UNTIL_ASKED)


def markdown(record: Processing) -> str:
    """The record as Markdown (CommonMark, with tables of none)."""
    return "\n".join(_lines(record)) + "\n"


def _parts(record: Processing) -> list[tuple[str, tuple[Activity, ...]]]:
    return [(title, activities) for title, name in PARTS if (activities := getattr(record, name))]


def _lines(record: Processing) -> Iterator[str]:
    yield f"# Record of processing activities of {_escaped(record.controller)}"
    yield ""
    yield f"Made on {record.made} from the inventory `{record.inventory}`."
    yield ""
    yield from _listed("Contact", record.contact)
    for title, activities in _parts(record):
        yield f"\n## {title}"
        for activity in activities:
            yield from _activity(activity)
    yield "\n## What is missing\n"
    yield from (f"- {article}: {_escaped(what)}" for article, what in record.missing)


def _activity(activity: Activity) -> Iterator[str]:
    yield f"\n### {_escaped(activity.purpose)}\n"
    yield from _listed("Systems", activity.systems)
    yield from _listed("Categories of personal data", activity.data)
    yield from _listed("Sensitive", activity.sensitive)
    yield from _listed("Sources", activity.sources)
    yield from _listed("Recipients", activity.recipients)
    limits = [f"{limit.where}: {limit.kept}. {limit.basis} ({limit.citation})" for limit in activity.limits]
    yield from _listed("Time limits", [UNTIL_ASKED, *limits])


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"- **{title}**"
        yield from (f"  - {_escaped(item)}" for item in items)


def _escaped(text: str) -> str:
    """Nothing in an inventory's words is markup."""
    for letter in ("\\", "*", "_", "`", "<", "[", "#"):
        text = text.replace(letter, f"\\{letter}")
    return text


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("orchestrator", "pages"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("processing.html")
