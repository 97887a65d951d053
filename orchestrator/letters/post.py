"""A letter as an e-mail, and its hand-over to one mail server. Nothing of it is logged, and no error quotes it.

Sending cannot be repeated safely, so that it is told apart whether the server surely did not take the letter
(`NotSentError`), or may have (`PerhapsSentError`): then a person looks before it is sent again.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.inventory.stationery import MailServer
from orchestrator.letters.content import Content
from orchestrator.letters.render import Rendered

_TIMEOUT = 60.0  # seconds


class NotSentError(IncompleteError):
    """The server surely did not take the letter: it may be sent again."""


class PerhapsSentError(IncompleteError):
    """The connection ended after the letter was given to the server: nobody knows."""


def message(
    content: Content, forms: Rendered, sender: str, to: str, reply_to: str, message_id: str, at: datetime
) -> bytes:
    """The e-mail: text, page and, where there is one, the PDF. NotAllowedError for an address it cannot bear."""
    if not (to.isascii() and sender.isascii() and to.count("@") == 1 and to.isprintable() and " " not in to):
        raise NotAllowedError("the address cannot be written to by this channel: send the letter by hand")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Reply-To"] = sender, to, reply_to
    # Subjects are shown on locked screens and kept in logs: no name, and not what was asked.
    mail["Subject"] = f"{content.subject} ({content.reference})"
    mail["Date"], mail["Message-ID"] = format_datetime(at), message_id
    mail.set_content(forms.text)
    mail.add_alternative(forms.html, subtype="html")
    if forms.pdf:
        name = f"{content.reference}-{content.kind}.pdf"
        mail.add_attachment(forms.pdf, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def hand_over(server: MailServer, sender: str, to: str, mail: bytes) -> None:
    """Give the mail to the server, once. Raises NotSentError or PerhapsSentError."""
    with _connected(server) as smtp:
        with _surely_not("the mail server does not take a letter to this address"):
            for code, _ in (smtp.mail(sender), smtp.rcpt(to)):
                if code >= 300:
                    raise smtplib.SMTPResponseException(code, b"")
        try:
            code, _ = smtp.data(mail)
        except smtplib.SMTPDataError:
            raise NotSentError("the mail server refused the letter") from None
        except (OSError, smtplib.SMTPException):
            raise PerhapsSentError("the connection to the mail server ended while the letter was handed over") from None
        if code >= 300:
            raise NotSentError(f"the mail server refused the letter (SMTP {code})")


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    with _surely_not("the mail server cannot be reached or does not take the credentials"):
        smtp = _logged_in(server)
    try:
        yield smtp
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()


def _logged_in(server: MailServer) -> smtplib.SMTP:
    secure = ssl.create_default_context()
    smtp = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=secure)
        if server.security == "tls"
        else smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
    )
    try:
        if server.security == "starttls":
            smtp.starttls(context=secure)
        smtp.ehlo_or_helo_if_needed()
        if server.username and server.password:
            smtp.login(server.username.reveal(), server.password.reveal())
    except BaseException:
        smtp.close()
        raise
    return smtp


@contextmanager
def _surely_not(why: str) -> Iterator[None]:
    """Before the letter is given away, every failure means that it was not."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise NotSentError(f"{why} (SMTP {error.smtp_code})") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSentError(f"{why} ({type(error).__name__})") from None
