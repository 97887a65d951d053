"""The answers of `orchestrator.disclosures` as plain text, for an e-mail or the pages of a package. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.disclosures import FOR_OTHERS, Categories, DirectMarketing, Given


def categories_text(answer: Categories) -> str:
    """The two lists of the statute in its order and its terms, with what is not known or was not searched."""
    return "\n".join(_categories(answer)) + "\n"


def direct_marketing_text(answer: DirectMarketing) -> str:
    """The list of Cal. Civ. Code 1798.83, or the statement that there is none."""
    lines = [answer.says] if answer.says else []
    lines += [
        f"- {g.recipient}{f' ({g.url})' if g.url else ''}, {g.category_of_recipient}: {g.category}. {g.name}"
        for g in answer.given
    ]
    return "\n".join([*lines, *(f"not known yet: {u}" for u in answer.unknown)]) + "\n"


def _categories(answer: Categories) -> Iterator[str]:
    yield "Categories of personal information we have collected about you"
    for one in answer.collected:
        yield f"{one.category}. {one.name}"
        if one.kinds:
            yield f"   what: {_list(one.kinds)}"
        yield f"   from: {_list(one.sources)}"
        yield f"   for: {_list(one.purposes)}"
        yield f"   third parties that receive it: {_list(one.third_parties)}"
    if not answer.collected:
        yield "none"
    period = f"from {answer.first} to {answer.last}"
    yield from _list_of(f"Sold, or shared for advertising across contexts, {period}", answer.sold_or_shared)
    yield from _list_of(f"Disclosed for a business purpose, {period}", answer.disclosed)
    if any(why == FOR_OTHERS for _, why in answer.left_out):
        yield ""
        yield "Further data is held for a customer organisation, which answers requests about it."
    if answer.not_searched:
        yield ""
        yield "Not searched: " + "; ".join(f"{system} ({why})" for system, why in answer.not_searched)
    yield from (f"not known yet: {u}" for u in answer.unknown)


def _list_of(title: str, given: Iterable[Given]) -> Iterator[str]:
    yield ""
    yield title
    empty = True
    for one in given:
        empty = False
        yield f"{one.category}. {one.name}"
        yield f"   to: {_list(one.to)}"
        yield f"   for: {_list(one.purposes)}"
    if empty:
        yield "none"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(texts) or "none"
