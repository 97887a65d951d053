"""What connectors of Google's APIs share: a service account's credentials, a session that is held to
this project's rules, and the named errors behind Google's answers.

The secret `service_account` is the JSON key of a service account. Only its address, key and
`token_uri` are used: nothing comes from the environment, from default credentials or from the
machine. A `subject` is the mailbox or user that domain-wide delegation acts for.

As it comes, google-auth repeats refused token requests and calls answered with 401, follows
redirects with the token, reads the environment's proxies, and asks a further host where a service
account without a subject may be used (a regional access boundary). Here a token is asked for once,
at `token_uri` only, and one call is one attempt.

Source: https://developers.google.com/identity/protocols/oauth2/service-account.
"""

from __future__ import annotations

from connectors.google.account import SECRET, ServiceAccount, UnknownSubjectError
from connectors.google.client import GoogleClient
from connectors.google.errors import google_error, reasons_of
from connectors.google.session import hold

__all__ = ["SECRET", "GoogleClient", "ServiceAccount", "UnknownSubjectError", "google_error", "hold", "reasons_of"]
