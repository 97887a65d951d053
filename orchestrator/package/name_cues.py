"""What leads to a name, or follows one: greetings, signatures, "Bob Chen wrote:", titles, "my manager …"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from orchestrator.package.lexicon import Word
from orchestrator.package.name_rules import Capitals, Guess
from orchestrator.package.words import WORDS, Token, token

_LINE = r"(?:^|(?<=\n))[ \t>|*]{0,12}"
_SPACE = r"[ \t\xa0]"
_HELLO = (
    r"(?:dear|hi|hello|hey|hiya|hallo|hola|bonjour|liebe[rs]?|ch[eè]re?|good (?:morning|afternoon|evening)|"
    r"(?:many )?thanks|thank you)"
)
_GREETING = rf"{_HELLO}(?:{_SPACE}+(?:again|so much|and hello))?{_SPACE}*,?{_SPACE}+"
_SIGNATURE = (
    r"(?:regards|wishes|cheers|sincerely|thanks|thank you|yours|best|truly|greetings|grüße|faithfully|warmly|signed|"
    r"sent by|signed by)[,.!:]?[ \t]*\r?\n[\s>|]{0,40}(?:[-–—~]{1,3}[ \t]?\n?)?"
)
_RULE = r"(?:--|—|–|~)[ \t]*(?:\r?\n[ \t>|]{0,12})?"
_LABEL = (
    r"(?:from|to|cc|bcc|sent by|reply-to|von|de|an|attendees?|participants?|instructor|trainer|manager|supervisor|"
    r"assignee|author|caller|(?:first|last|full|given|family|contact|customer|employee|person) name)(?: name)?"
    rf"\*?{_SPACE}*:\*?{_SPACE}*\"?"
)
_ROLE = (
    r"\b(?:(?:my|his|her|their|your|our|the)\s+(?:\w{1,20}\s+)?(?:manager|colleague|co-?worker|supervisor|boss|husband|"
    r"wife|spouse|partner|son|daughter|child|mother|mom|father|dad|sister|brother|friend|neighbou?r|instructor|"
    r"trainer|teacher|assistant|doctor|lawyer|attorney|employee|customer|trainee|student|director|owner)|named|"
    r"called|on behalf of|signed by|approved by|written by|taught by|reported by),?\s+(?:(?:is|was|named|called)\s+)?"
)
_DOUBTFUL = (
    r"\b(?:(?:spoke|talked|spoken|met|chatted|meeting|call|lunch|agreed|speak|talk) (?:with|to)|asked|told|ask|tell|"
    r"e-?mailed|hired|fired)\s+"
)
_LEADS = re.compile(
    rf"(?:{_LINE}(?:{_GREETING}|{_LABEL}|{_RULE})|\b{_SIGNATURE}|{_ROLE}|(?P<doubtful>{_DOUBTFUL}))\Z",
    re.IGNORECASE,
)
# What may stand right before a name, to look no farther where nothing of it does.
_TITLES = frozenset(
    {"Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "Professor", "Herr", "Frau", "Mme", "Monsieur", "Madame", "Señor", "Señora"}
)
_LAST_WORDS = frozenset(re.findall(r"[a-z]{2,}", _GREETING + _ROLE + _DOUBTFUL)) | {
    "co-worker", "coworker", "neighbor", "neighbour", "liebe", "lieber", "liebes", "cher", "chère", "emailed",
    "e-mailed",
}  # fmt: skip
_DASHES = ("-", "–", "—", "~")
_ENDS = (*_DASHES, ",", ".", "!", ":")
_SMALL = re.compile(rf"^[ \t>|*]{{0,12}}{_GREETING}(?=[a-zà-ÿ])", re.MULTILINE | re.IGNORECASE)
_LONGEST_WORD = 16
_BETWEEN = ' \t\xa0"*>|'
_FARTHEST = 100  # characters before a name that may lead to it
_AFTER = re.compile(
    r"[\"'”]?\s{0,3}(?:<[^<>\n]{3,80}>|\[mailto:[^\]\n]{3,80}\]|\([^()\n]{3,80}\)|&lt;[^<>&\n]{3,80}&gt;)?,?\s{0,3}"
    r"(?:wrote|writes|schrieb|a écrit|escribió)\s{0,2}:",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"\s{1,2}(?:said|says|asked|asks|told|tells|wrote|called|confirmed|replied|agreed|thinks|mentioned|promised|"
    r"suggested|e-?mailed|answered)\b"
)
_WROTE = re.compile(r"wrote|writes|schrieb|a écrit|escribió", re.IGNORECASE)
_ADDRESS = re.compile(r"[\"'”]?\s{0,3}(?:<|&lt;|\(|\[)(?:mailto:)?([^\s<>()\[\]&@]{1,72}@[^\s<>()\[\]&]{3,100})")


def by_cues(capitals: Capitals, own: Callable[[str], bool]) -> Iterator[Guess]:
    """Names told by what stands before or after them. `own`: whether an address is the person's."""
    text = capitals.text
    yield from _led_to(capitals)
    for found in _SMALL.finditer(text):  # "hi bob,"
        after = WORDS.match(text, found.end())
        if after and (small := token(after[0], after.start())).kind is Word.GIVEN:
            yield Guess((small,), True)
    for run in capitals.runs:
        if capitals.kind(run[-1]) is Word.UNKNOWN and not run[-1].shouted and _SAYS.match(text, run[-1].end):
            yield Guess((run[-1],), False)
    for run in capitals.runs if "@" in text or _WROTE.search(text) else ():
        addressed = _ADDRESS.match(text, run[-1].end)
        if _AFTER.match(text, run[-1].end) or (addressed and not own(addressed[1])):
            yield from _named(capitals, run)


def _led_to(capitals: Capitals) -> Iterator[Guess]:
    """Names behind a greeting, a label, a title, a role."""
    text = capitals.text
    for run in capitals.runs:
        for place, one in enumerate(run):
            kind = capitals.kind(one)
            if kind is Word.GIVEN:  # known by itself
                continue
            before = text[max(0, one.start - _LONGEST_WORD) : one.start]
            last = before.rstrip(_BETWEEN)
            word = last.rpartition(" ")[2].rpartition("\n")[2]
            if word.rstrip(".") in _TITLES and before != last:  # any word can be a name then
                yield from _led(capitals, run, place)
            elif kind is not Word.ORDINARY and (reach := _reach(text, one.start, last, word)):
                found = _LEADS.search(text, max(0, one.start - reach), one.start)
                if found:
                    yield from _led(capitals, run, place, sure=not found["doubtful"])


def _reach(text: str, start: int, last: str, word: str) -> int:
    """How far before a word something may stand that leads to it: 0 if what is right before it cannot."""
    if last[-1:] in (":", ","):  # on the same line
        return min(_FARTHEST, start - text.rfind("\n", 0, start))
    if last[-1:] == "\n":
        above = last.rstrip()[-1:]
        return _FARTHEST if above.isalpha() or above in _ENDS else 0
    return _FARTHEST if word.lower() in _LAST_WORDS or last[-1:] in _DASHES else 0


def _led(capitals: Capitals, run: list[Token], place: int, *, sure: bool = True) -> Iterator[Guess]:
    """The name that begins there, unless it is but initials."""
    found = capitals.name_from(run, place)
    if not all(t.initial for t in found):
        yield Guess(found, sure)


def _named(capitals: Capitals, run: list[Token]) -> Iterator[Guess]:
    """The words right before an address or "wrote:": the last of a run, but what can be no name."""
    first = len(run) - 1
    while first and len(run) - first < 4 and not capitals.broken(run[first - 1], run[first]):
        first -= 1
    while first < len(run) and not run[first].initial and capitals.kind(run[first]) is Word.ORDINARY:
        first += 1
    if first < len(run) and not all(t.initial for t in run[first:]):
        yield Guess(tuple(run[first:]), True)
