"""Other people's names in running text: none comes out, the person's own stays, and ordinary text too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.model import Identifier, Subject, Trust
from orchestrator.package.lexicon import Word, kind
from orchestrator.package.looker import Looker, Seen
from orchestrator.package.names import Doubt, Names
from orchestrator.package.people import Own
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.vocabulary import Type, Verdict
from tests.office import ROOT
from tests.package.planted import OWN_EMAIL, mail

SUBJECT = Subject.of(Identifier("email", OWN_EMAIL, Trust.PROVEN))
SURE, DOUBTFUL = Type.NAME.mark, Type.MAYBE_NAME.mark


def scanner(*known: str, doubt: Doubt = Doubt.BLACK_OUT, own: str = "Ann Lee") -> Scanner:
    names = Names(("Zendesk", "Training Tracker LLC"), doubt)
    names.own.learn(own)
    for name in known:
        names.others.learn(name)
    return Scanner(Own(SUBJECT), names)


def cleaned(text: str, *known: str, doubt: Doubt = Doubt.BLACK_OUT) -> str:
    return scanner(*known, doubt=doubt).cleaned(text, Found())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Tom Lee met Ann Lee.", "{} met Ann Lee."),
        ("LEE, Ann and LEE, Tom", "LEE, Ann and {}"),
        ("A. Lee saw T. Lee", "A. Lee saw {}"),
        ("Ann M. Lee, Ann Marie Lee, Ms Lee and Ann", "Ann M. Lee, Ann Marie Lee, Ms Lee and Ann"),
        ("hi bob,\nthanks", "hi {},\nthanks"),
        ("Dear Priya,\nall is well. Ann", "Dear {},\nall is well. Ann"),
        ("Dear Wijeratne,", "Dear {},"),
        ("Regards,\n\nOlga Petrova\nManager", "Regards,\n\n{}\nManager"),
        ("> Best,\n> Ruvindra W.\n", "> Best,\n> {}.\n"),
        ("-- \nB. Chen", "-- \n{}"),
        ("Bob Chen wrote: yes", "{} wrote: yes"),
        ("On 3 Mar 2026, Wei Zhang <wei@example.net> wrote:", f"On 3 Mar 2026, {{}} <{Type.EMAIL.mark}> wrote:"),
        ("Bob\nChen agreed", "{} agreed"),
        ("> Bob\n> Chen agreed", "> {} agreed"),
        ("Olga Petrova's report. Petrova was late.", "{}'s report. {} was late."),
        ("OLGA PETROVA and Jean-Luc O’Brien-Smith", "{} and {}"),
        ("José Núñez und Jürgen van der Berg", "{} und {}"),
        ("Jose\u0301 left", "{} left"),
        ("my manager Xiu said", "my manager {} said"),
        ("Mr. Baker and Dr Raghunathan", "Mr. {} and Dr {}"),
        ("From: Wijeratne, R.\nTo: Ann Lee", "From: {}, R.\nTo: Ann Lee"),
        ("Chen, Olga came", "{} came"),
        ("Thanks Ann\nOlga Petrova", "Thanks Ann\n{}"),
        ("Ann Lee Olga Petrova", "Ann Lee {}"),
        ("I asked Keira Even and Ann Please", "I asked {} and Ann Please"),
        ("Ann Chen is my sister", "{} is my sister"),
    ],
)
def test_a_name_goes_and_the_persons_own_stays(text: str, left: str) -> None:
    assert cleaned(text) == left.replace("{}", SURE)


@pytest.mark.parametrize(
    "text",
    [
        "The Fire Safety course of Training Tracker in New York is on Monday Morning.",
        "Dear Customer, Hello Team, Hi all, Thanks Everyone",
        "Terms of Service and Privacy Policy of the State of California, United States",
        "I was in San Diego, Los Angeles and St. Louis in May and in April.",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/120 Safari/537",
        "Will this be done? Mark it as read. Grace period ends.",
        "We use Zendesk Support, PostgreSQL and JavaScript at Madison Avenue.",
        "SELECT Name FROM Users; GET /Courses/Safety HTTP",
        "Yours sincerely,\nAnn Lee",
        "Sincerely,\nThe Support Team",
        "ann lee wrote: ANN LEE, Lee, Ann; Ann's lesson and Lee’s account",
    ],
)
def test_what_names_nobody_else_stays(text: str) -> None:
    assert cleaned(text) == text


def test_a_published_policy_names_nobody() -> None:
    text = (ROOT / "connectors/sandbox/training_tracker/privacy-policy.txt").read_text()
    assert cleaned(text).count(SURE) + cleaned(text).count(DOUBTFUL) == 0


DOUBTED = [
    "We went with Ruvindra Wijeratne to the office.",
    "The report of Mark Baker was late.",
    "I spoke with Raghunathan about it.",
    "Wijeratne said that it was late.",
]


@pytest.mark.parametrize("text", DOUBTED)
def test_what_may_be_a_name_is_told_apart(text: str) -> None:
    assert DOUBTFUL in cleaned(text)
    assert SURE not in cleaned(text)
    assert cleaned(text, doubt=Doubt.LEAVE) == text


@pytest.mark.parametrize(
    "text",
    [
        "Grant Stone", "grant stone", "STONE, Grant", "G. Stone", "Grant S.", "Grant X. Stone", "Stone Grant",
        "with Grant\n> Stone", "about Stone", "Grant Sto-\nne",
    ],
)  # fmt: skip
def test_a_known_name_goes_however_it_is_written(text: str) -> None:
    left = cleaned(f"{text} was here", "Grant Stone")
    assert left.removeprefix("with ").removeprefix("about ").startswith(SURE)
    assert "grant" not in left.lower()
    assert "stone" not in left.lower()


def test_a_name_cut_by_the_end_of_a_line_goes() -> None:
    assert cleaned("seen by Raghu-\nnathan", "Priya Raghunathan") == f"seen by {SURE}"


def test_scripts_without_capitals() -> None:
    names = scanner("王小明")
    assert names.names is not None
    names.names.own.learn("李安")
    assert names.cleaned("我和王小明说，李安也在", Found()) == f"我和{SURE}说，李安也在"


@pytest.mark.parametrize("name", ["Customer Support", "no-reply", "Ann Lee", "LEE, Ann", "", "Billing"])
def test_a_role_and_the_person_are_nobody_else(name: str) -> None:
    text = "Customer Support and Billing wrote to Ann Lee; no-reply"
    assert cleaned(text, name) == text


LETTERS = st.sampled_from("aeiouklmnrstvz")
PARTS = st.text(LETTERS, min_size=4, max_size=9).map(str.capitalize)
AROUND = st.text(st.sampled_from("abc ,.;:\n>()-"), max_size=20)


@settings(max_examples=40, deadline=None)
@given(PARTS, PARTS, AROUND, AROUND, st.booleans())
def test_a_name_of_the_headers_never_comes_out_and_the_persons_always_stays(
    first: str, last: str, before: str, after: str, own_first: bool
) -> None:
    assume(not {first.lower(), last.lower()} & {"ann", "lee"})
    looking = scanner(f"{first} {last}", f"{first} Lee")
    assume(kind(first.lower()) is not Word.ORDINARY)  # "Customer Support" is nobody
    theirs = f"{before} {first} {last} {after}"
    text = f"Ann Lee {theirs} {first} Lee" if own_first else f"{theirs} Ann Lee; {first.upper()} {last.upper()}"
    left = looking.cleaned(text, Found())
    assert f"{first} {last}".lower() not in left.lower()
    assert f"{first} Lee" not in left
    assert "Ann Lee" in left


# In files


def looked(tmp: Path, content: bytes, name: str, doubt: Doubt = Doubt.BLACK_OUT) -> tuple[Seen, str]:
    path = tmp / "content"
    path.write_bytes(content)
    seen = Looker(scanner(doubt=doubt), tmp, lambda sha: (sha, None)).look(path, name, "")
    text = seen.path.read_text().replace("=\n", "").replace("=E2=80=99", "’") if seen.path else ""
    return seen, text


def test_names_of_a_mails_lines_go_from_its_text_its_quotes_and_its_attachments(tmp_path: Path) -> None:
    said = "Hi Tamsel,\n\nGrant will see it. So will TAMSEL ORRIN.\n\n> Stone wrote to Ann Lee\n> and Grant\n> Stone"
    page = b"<p>By <b>Tam</b>sel <i>Orrin</i>, for Ann Lee</p><img alt='Fire Safety'>"
    attached = {"a.html": ("text/html", page), "b.txt": ("text/plain", b"T. Orrin")}
    sender = "Grant Stone <g@example.net>, =?utf-8?q?Orrin=2C_Tamsel?= <x1@example.net>"
    _, text = looked(tmp_path, mail(said, attached, sender), "a.eml")
    for gone in ("Tamsel", "TAMSEL", "Orrin", "Grant", "Stone"):
        assert gone not in text
    assert text.count("Ann Lee") == 3
    assert "Fire Safety" in text


def test_a_page_keeps_its_tags_when_a_name_goes(tmp_path: Path) -> None:
    page = (
        b"<!doctype html><style>p{font:Georgia}</style><p>Dear <b>Olga</b>&nbsp;<i>Petrova</i>,</p><p>Ann&nbsp;Lee</p>"
    )
    seen, text = looked(tmp_path, page, "a.html")
    assert seen.verdict is Verdict.COPY
    assert "Olga" not in text
    assert "Petrova" not in text
    assert "<p>Dear <b>" in text
    assert "Ann&nbsp;Lee" in text


def test_a_file_that_may_name_somebody_waits_if_the_inventory_says_so(tmp_path: Path) -> None:
    content = DOUBTED[0].encode()
    assert not looked(tmp_path, content, "a.txt")[0].held
    seen, text = looked(tmp_path, content, "a.txt", Doubt.HOLD)
    assert [h.why for h in seen.held] == ["it may name somebody else"]
    assert DOUBTFUL in text
    assert len(looked(tmp_path, mail(DOUBTED[0], {}), "a.eml", Doubt.HOLD)[0].held) == 1
    decided = Looker(scanner(doubt=Doubt.HOLD), tmp_path, lambda sha: (sha, Verdict.RELEASED))
    (tmp_path / "content").write_bytes(content)
    assert decided.look(tmp_path / "content", "a.txt", "").verdict is Verdict.RELEASED
    assert replace(seen, held=()).verdict is Verdict.COPY
