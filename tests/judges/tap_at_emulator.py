"""Runs tap-salesforce unchanged, with its one fixed address, the login host, led to the emulator.

Started by the tap's own Python: `python tap_at_emulator.py <emulator url> <the tap's options>`.
"""

from __future__ import annotations

import sys
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

LOGIN = "https://login.salesforce.com"
EMULATOR = sys.argv.pop(1)
_send = HTTPAdapter.send


def send_there(adapter: HTTPAdapter, request: PreparedRequest, **more: Any) -> Response:
    """Send a request; one for the login host goes to the emulator."""
    request.url = str(request.url).replace(LOGIN, EMULATOR)
    return _send(adapter, request, **more)


HTTPAdapter.send = send_there  # type: ignore[method-assign,assignment]

from tap_salesforce import main  # type: ignore[import-not-found]  # noqa: E402 - after the patch

sys.exit(main())
