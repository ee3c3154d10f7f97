"""botocore's clients: the default one, and hooks for the requests of any.

botocore has an event system, in which hooks of a client are registered. Those here are for the
requests that are sent inside of `sending` only: one takes the HTTP response of a stream over, and
checks that any other is complete; one sets the read timeout, one prevents retries.

The connections of the default client can be interrupted before the response is received. botocore
has no public way to choose the class of its connections: without the private one, a request that
waits for its response ends at the client's timeouts only, as those of user-supplied clients do.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit
from weakref import WeakSet

from anyio import to_thread
from typing_extensions import override

from mirascope import errors
from mirascope.core._calls.default_clients import DefaultClients
from mirascope.core._transports.urllib3_source import InterruptibleConnection, read_timeout
from mirascope.core.bedrock import _sdk
from mirascope.core.bedrock._errors import CREDENTIALS, ERRORS, rejected
from mirascope.core.bedrock._sdk import BedrockClient

_TOKEN: Final = "AWS_BEARER_TOKEN_BEDROCK"  # noqa: S105  # the name of a variable
_REGION: Final = "AWS_REGION"
_ENV: Final = (
    *(_TOKEN, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    *(_REGION, "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_SERVICE: Final = "bedrock-runtime"
_CONNECTIONS: Final = 1000
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 600
_FIRST_ERROR: Final = 300


@dataclass
class Sending:
    """A request that is being sent.

    Attributes:
        may_retry: Whether botocore may send it again.
        response: The HTTP response, a ``urllib3.HTTPResponse``, once it is received.
    """

    may_retry: bool
    response: Any = None


_sending: Final = ContextVar[Sending | None]("_sending", default=None)
_hooked: Final = WeakSet[BedrockClient]()


@contextmanager
def sending(client: BedrockClient, arguments: Mapping[str, Any]) -> Generator[Sending]:
    """Surround a request, which the hooks of its client then apply to."""
    if client not in _hooked:
        _register_hooks(client.meta.events)
        _hooked.add(client)
    request = Sending(may_retry=arguments.get("retries", True))
    token, limit = _sending.set(request), read_timeout.set(arguments.get("timeout"))
    try:
        yield request
    except _sdk.exceptions.ParamValidationError as error:
        raise rejected(error) from None
    except _sdk.exceptions.ClientError as error:
        metadata = error.response.get("ResponseMetadata", {})
        error.headers = metadata.pop("HTTPHeaders", {})
        raise
    except _sdk.exceptions.HTTPClientError as error:
        error.request = None  # its headers have the credentials
        error.kwargs.pop("request", None)
        raise
    finally:
        _sending.reset(token)
        read_timeout.reset(limit)


def _register_hooks(events: Any) -> None:
    name = f"mirascope-{_SERVICE}"
    events.register_first(f"before-send.{_SERVICE}", _limit_read, unique_id=f"{name}-timeout")
    events.register_first(f"needs-retry.{_SERVICE}", _prevent_retry, unique_id=f"{name}-retry")
    events.register(f"response-received.{_SERVICE}", _take_response, unique_id=f"{name}-response")


def _limit_read(request: Any, **_: object) -> None:
    context, seconds = getattr(request, "context", None), read_timeout.get()
    if isinstance(context, dict) and seconds is not None:
        context["read_timeout"] = seconds


def _prevent_retry(**_: object) -> bool | None:
    request = _sending.get()
    return None if request is None or request.may_retry else False


def _take_response(response_dict: Mapping[str, Any] | None, **_: object) -> None:
    request, response = _sending.get(), response_dict or {}
    body = response.get("body")
    if request is None:
        return
    if hasattr(body, "read1"):
        request.response = body
    elif isinstance(body, bytes):
        _check_complete(body, response)


def _check_complete(body: bytes, response: Mapping[str, Any]) -> None:
    """Raise if a body was cut off, which botocore reads as an empty response.

    Raises:
        urllib3.exceptions.IncompleteRead: It was.
    """
    length = str(response["headers"].get("content-length", ""))
    missing = int(length) - len(body) if length.isdigit() else 0
    if missing > 0 and response["status_code"] < _FIRST_ERROR:
        raise _sdk.http_errors.IncompleteRead(len(body), missing)


def _make_client() -> BedrockClient:
    """Return a client from the environment.

    Raises:
        AuthenticationFailed: There are no credentials.
        BadRequest: There is no region.
        StreamConnectionError: The URL in the environment is not one.
    """
    session = _sdk.session.get_session()
    config = _sdk.config.Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
    )
    region = session.get_config_variable("region") or os.environ.get(_REGION)
    if not region:
        message = "there is no region: set AWS_REGION, or `region` in the profile of AWS_PROFILE"
        raise ERRORS.make(errors.BadRequest, message)
    if not os.environ.get(_TOKEN) and session.get_credentials() is None:
        raise ERRORS.make(errors.AuthenticationFailed, f"there are no credentials: {CREDENTIALS}")
    try:
        client = session.create_client(
            _SERVICE, region_name=region, config=config, verify=_authorities(session)
        )
        _ = urlsplit(str(client.meta.endpoint_url)).port  # fails if it is no number
    except ValueError as error:
        raise ERRORS.make(errors.StreamConnectionError, str(error), cause=error) from None
    endpoint = getattr(client, "_endpoint", None)
    pools = getattr(getattr(endpoint, "http_session", None), "_pool_classes_by_scheme", {})
    pools.update({scheme: _interruptible(pool) for scheme, pool in pools.items()})
    return cast("BedrockClient", client)


def _authorities(session: Any) -> str | None:
    """Return the file of trusted authorities, which other clients find by `SSL_CERT_FILE` too."""
    theirs = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return theirs or os.environ.get("SSL_CERT_FILE")


def _interruptible(pool: Any) -> Any:
    connection = type("Connection", (InterruptibleConnection, pool.ConnectionCls), {})
    return type("Pool", (pool,), {"ConnectionCls": connection})


class _Clients(DefaultClients[BedrockClient, BedrockClient]):
    """The default client, which is the same for sync and async calls."""

    @override
    async def aget(self) -> BedrockClient:
        """Return the client; making one takes long, and may need the network for credentials."""
        return await to_thread.run_sync(self.get)


async def _keep(client: BedrockClient) -> None:
    """Do nothing: the client is not of one event loop."""


CLIENTS: Final = _Clients(
    make=_make_client,
    amake=_make_client,
    close=lambda client: client.close(),
    aclose=_keep,
    env=_ENV,
)
