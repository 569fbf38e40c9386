"""Where an OpenAI-compatible server is, and with which key it is spoken to."""

from __future__ import annotations

import ipaddress
import os
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from discretion.errors import InputError

__all__ = ["KEY_VARIABLE", "OPENAI_URL", "Server", "find_server"]

OPENAI_URL: Final = "https://api.openai.com/v1"
KEY_VARIABLE: Final = "OPENAI_API_KEY"
_NO_KEY: Final = "none"  # the client insists on some key


class Server(NamedTuple):
    """A server.

    Attributes:
        url: The base URL, up to and including `/v1`.
        loopback: Whether it is this machine: proxies are passed by, and no real key is sent unless asked.
        key_variable: The environment variable that holds its key, or `None`.
    """

    url: str
    loopback: bool
    key_variable: str | None

    def key(self) -> str:
        """Return the key from the environment.

        Raises:
            InputError: If it is not set.
        """
        if self.key_variable is None:
            return _NO_KEY
        key = os.environ.get(self.key_variable, "").strip()
        if not key:
            raise InputError(f"no key for {self.url}", remedy=f"set the environment variable {self.key_variable}")
        return key


def find_server(base_url: str | None = None, *, key_variable: str | None = None) -> Server:
    """Check a base URL; without one, take `OPENAI_BASE_URL` or OpenAI's own.

    Args:
        base_url: `http://` or `https://`, without credentials, query or fragment: it is shown and stored.
        key_variable: Where the key is; `OPENAI_API_KEY` by default, and none for a loopback server.

    Raises:
        InputError: If the URL is none, or could hold a secret.

    >>> find_server("http://127.0.0.1:8000/v1/")
    Server(url='http://127.0.0.1:8000/v1', loopback=True, key_variable=None)
    """
    url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).rstrip("/")
    example = "write it like http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{url!r} is no base URL ({error})", remedy=example) from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        # The URL itself is not repeated: what should not be in it may be a secret.
        raise InputError(
            f"the base URL of {host!r} holds credentials, a query or a fragment, and would be stored in run files",
            remedy=f"put the key into the environment variable {key_variable or KEY_VARIABLE}",
        )
    if parts.scheme not in ("http", "https") or not host:
        raise InputError(f"{url!r} is no base URL", remedy=example)
    loopback = _is_loopback(host)
    return Server(url, loopback, key_variable or (None if loopback else KEY_VARIABLE))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
