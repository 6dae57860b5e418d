"""A word to systemd: READY, WATCHDOG, STOPPING (sd_notify(3), the protocol of Type=notify)."""

from __future__ import annotations

import os
import socket


def notify(message: str) -> None:
    """Send to the supervisor's socket; nothing where there is no supervisor."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(message.encode(), address)
    except OSError:
        # The supervisor is gone or full; its watchdog decides, not we.
        return
