"""The Admin API through Google's SDK: what a property is, and user deletions in it.

Source: https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1alpha/properties
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import requests

from connectors.errors import AuthError, ConnectorError, RefusedError, TransientError
from connectors.google import ServiceAccount, google_error
from connectors.google.errors import decoded
from connectors.google_analytics.identifiers import ASKED, Name
from connectors.google_analytics.quota import of_the_day, until_reset
from connectors.google_analytics.settings import Settings
from connectors.model import Pace

SCOPES = ("https://www.googleapis.com/auth/analytics.edit",)
_MOST_PAGES = 1000
# The SDK logs requests and answers at DEBUG. A filter holds whatever level the program sets.
_SDK = "google.analytics.admin_v1alpha.services.analytics_admin_service"
for _name in ("client", "transports.rest"):
    logging.getLogger(f"{_SDK}.{_name}").addFilter(lambda record: False)


class Admin:
    """Calls about one property, each one attempt."""

    def __init__(self, account: ServiceAccount, settings: Settings, pace: Pace) -> None:
        self._account = account
        self._pace = pace
        self._settings = settings
        self._system = self.system = account.system

    @cached_property
    def _client(self) -> Any:
        """The SDK's client over the project's own session. The SDK's default transport is gRPC, and a
        REST transport made from client options would read certificates from the environment. There
        is no public way to give it a session; its calls are bound to the one they were made with."""
        from google.analytics.admin_v1alpha import AnalyticsAdminServiceClient
        from google.analytics.admin_v1alpha.services.analytics_admin_service.transports.rest import (
            DEFAULT_CLIENT_INFO,
            AnalyticsAdminServiceRestTransport,
        )
        from google.auth.credentials import AnonymousCredentials

        scheme, _, host = self._settings.base_url.partition("://")
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        transport = AnalyticsAdminServiceRestTransport(host=host, url_scheme=scheme, credentials=nobody)
        transport._session = self._account.session(SCOPES)
        transport._prep_wrapped_messages(DEFAULT_CLIENT_INFO)  # type: ignore[no-untyped-call]
        return AnalyticsAdminServiceClient(transport=transport)

    def property(self) -> Any:
        """The property: type, service level, when it was made, whether it is in the bin."""
        return self._call("reading the property", "get_property", name=self._settings.property)

    def retention(self) -> Any:
        """How long the property keeps what was collected."""
        name = f"{self._settings.property}/dataRetentionSettings"
        return self._call("reading the data retention", "get_data_retention_settings", name=name)

    def retain(self, field: str, duration: str) -> None:
        """Change one of the two periods, and nothing beside it."""
        name = f"{self._settings.property}/dataRetentionSettings"
        changed = {"data_retention_settings": {"name": name, field: duration}, "update_mask": {"paths": [field]}}
        self._call("changing the data retention", "update_data_retention_settings", **changed)

    def collects_provided_data(self) -> bool:
        """Whether the property takes addresses and telephone numbers with its events today."""
        name = f"{self._settings.property}/userProvidedDataSettings"
        found = self._call("reading what is collected", "get_user_provided_data_settings", name=name)
        return bool(found.user_provided_data_collection_enabled)

    def audience(self) -> Any:
        """The audience of the settings."""
        return self._call("reading the audience", "get_audience", name=self._settings.audience)

    def links(self) -> int:
        """How many BigQuery projects get the events of the property."""
        doing, token, names = "listing BigQuery links", "", set[str]()
        for _ in range(_MOST_PAGES):
            asked = {"parent": self._settings.property, "page_size": 200, "page_token": token}
            # The first page of the SDK's pager; iterated, it would follow one that leads back to itself for ever.
            page = self._call(doing, "list_big_query_links", **asked)
            names |= {link.name for link in page.bigquery_links}
            if not page.next_page_token:
                return len(names)
            if page.next_page_token == token:
                break
            token = page.next_page_token
        raise TransientError(self._system, f"{doing}: cut short, a page leads back to itself")

    def submit(self, name: Name) -> datetime:
        """Ask for the deletion of one user by one identifier; the instant until which it reaches.

        Raises TransientError with the time until tomorrow if the day's deletions are used up.
        """
        doing = "asking for a user deletion"
        asked = {"name": self._settings.property, ASKED[name.collection]: name.value}
        answer = self._call(doing, "submit_user_deletion", **asked)
        if "deletion_request_time" not in answer:
            raise TransientError(self._system, f"{doing}: the answer names no time")
        return datetime.fromtimestamp(answer.deletion_request_time.timestamp(), UTC)

    def _call(self, doing: str, method: str, **request: Any) -> Any:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError
        from google.protobuf.json_format import ParseError

        call: Callable[..., Any] = getattr(self._client, method)
        self._pace()
        try:
            return call(request=request, retry=None, timeout=self._settings.timeout)
        except GoogleAPICallError as fault:
            raise self._refusal(fault.response, doing) from None
        except GoogleAuthError as fault:
            raise AuthError(self._system, f"{doing}: {type(fault).__name__}") from None
        except requests.TooManyRedirects:
            raise RefusedError(self._system, f"{doing}: the system redirects, which is not followed") from None
        except requests.RequestException as fault:
            raise TransientError(self._system, f"{doing}: {type(fault).__name__}") from None
        except (ParseError, ValueError, AttributeError, TypeError, RecursionError):
            raise TransientError(self._system, f"{doing}: the answer is not whole JSON") from None

    def _refusal(self, response: Any, doing: str) -> ConnectorError:
        if response is None:
            return TransientError(self._system, f"{doing}: no answer")
        status, answer = response.status_code, decoded(response.content)
        named = google_error(self._system, status, response.headers, answer, doing)
        if isinstance(named, TransientError) and status in (403, 429) and of_the_day(answer):
            wait = until_reset(datetime.now(UTC))
            said = f"{doing}: the day's quota is used up (HTTP {status})"
            return TransientError(self._system, said, wait, for_all=False)
        return named
