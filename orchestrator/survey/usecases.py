"""The use case of a survey: what exists, what the inventory lacks of it, and what could be written there."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from connectors.errors import ConnectorError
from connectors.surveys import Found
from orchestrator.abilities import Listing, listing, unlisted
from orchestrator.errors import InventoryError
from orchestrator.intake import Intake
from orchestrator.package.scan import Scanner
from orchestrator.survey import compare, guess, proposal
from orchestrator.survey.listing import unmentioned
from orchestrator.survey.model import Gap, Survey, Surveyed

MOST = 50  # values of one field
_BY_HAND = "it has no connector: its owner says what is in it"
_UNLISTED = "it cannot be listed: its collections are those of the vendor's API, and no call names others"


class Surveying(Intake):
    """What people may ask about what exists."""

    def survey(self, only: Iterable[str] = (), *, sample: bool = True) -> Survey:
        """List every system (or these), and compare. With `sample` a few values are looked at, which reads personal
        data: it takes the power to plan. Nothing of them is kept. UnknownError for a system that does not exist.
        """
        if sample:
            self.actor.require("plan")
        names = [self.inventory.system(name).name for name in only] or list(self.inventory.systems)
        with ThreadPoolExecutor(max_workers=len(names)) as pool:
            return Survey(tuple(pool.map(partial(self._surveyed, sample=sample), names)))

    def _surveyed(self, name: str, *, sample: bool) -> Surveyed:
        system = self.inventory.system(name)
        if system.manual:
            return Surveyed(name, None, message=f"{_BY_HAND} ({system.owner})")
        now = self.now()
        try:
            connector = self.workspace.connector(name, now)
            able = listing(connector)
            if able is None:
                return Surveyed(name, None, message=unlisted(connector) or _UNLISTED)
            found = able.survey()
        except (ConnectorError, InventoryError) as error:
            return Surveyed(name, None, message=str(error), failed=True)
        named = {f.name: f for f in found}
        gaps = [
            *(self._filled(able, named[gap.name], gap, sample=sample)
              for gap in unmentioned(self.workspace, name, found, now)),
            *compare.gone(name, found, able.mentions()),
        ]  # fmt: skip
        if sample:
            gaps += self._hidden(able, name, found, {g.name for g in gaps})
        unseen = "; ".join(f"{f.name}: {f.refused}" for f in found if f.refused)
        return Surveyed(name, sum(not f.sampled for f in found), tuple(gaps), unseen, failed=bool(unseen))

    def _filled(self, able: Listing, found: Found, gap: Gap, *, sample: bool) -> Gap:
        """The gap with guesses, and with lines that would close it."""
        scanner = Scanner()
        seen, why = _looked(able, found, scanner) if sample else ({}, "no sample was asked for")
        made = guess.guesses(found.parts, seen)
        if gap.names:
            made = tuple(g for g in made if g.field in gap.names)
            lines = proposal.fields(found, gap.names, made)
        else:
            lines = proposal.collection(self.inventory, gap.system, found, made)
        if not gap.fails:
            return gap
        way = proposal.exemption(self.inventory, gap.system, gap.name)
        return replace(gap, guesses=made, unsampled=why, proposal=lines, exemption="" if gap.names else way)

    def _hidden(self, able: Listing, name: str, found: Iterable[Found], known: set[str]) -> list[Gap]:
        """Fields that no listing shows: attributes of items, keys of metadata."""
        today = self.now().astimezone(self.inventory.zone).date()
        gaps: list[Gap] = []
        for one in found:
            if one.described is None or one.parts or one.name in known:
                continue
            seen, why = _looked(able, one, Scanner())
            made = guess.guesses((), seen)
            secret = frozenset(g.field for g in made if g.never)
            for gap in compare.fields(self.inventory, name, one, seen, today, secret):
                mine = tuple(g for g in made if g.field in gap.names)
                lines = proposal.fields(one, gap.names, mine)
                gaps.append(replace(gap, guesses=mine, unsampled=why, proposal=lines))
        return gaps


def _looked(able: Listing, found: Found, scanner: Scanner) -> tuple[dict[str, guess.Tally], str]:
    """What a sample shows, as counts; and why there is none."""
    try:
        seen = guess.tallied(able.sample(found, MOST), scanner)
    except ConnectorError as error:
        return {}, str(error)
    return seen, "" if seen else "no values were to be had"
