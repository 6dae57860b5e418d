"""Starts the emulator on free loopback ports."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapters.emulatorkit.asgi import EmulatorApp
from adapters.emulatorkit.client import EmulatorControl
from adapters.emulatorkit.datafile import DataFile
from adapters.emulatorkit.server import serve
from adapters.emulatorkit.tls import EmulatorCA
from adapters.salesforce.emulator.install import new_org
from adapters.salesforce.emulator.service import SalesforceService


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """A running emulator; `tls_url` and `ca_file` are empty and None without TLS."""

    url: str
    tls_url: str
    ca_file: Path | None
    client_id: str
    client_secret: str = field(repr=False)
    control: EmulatorControl = field(repr=False)
    service: SalesforceService = field(repr=False)


@contextlib.contextmanager
def start(
    *,
    port: int = 0,
    tls_port: int = 0,
    tls: bool = True,
    data: Path | None = None,
    client_id: str = "",
    client_secret: str = "",
) -> Iterator[RunningEmulator]:
    """Run an emulator in a thread until the block ends.

    Port 0 takes a free one. With `data` records, settings, credentials and the
    certificate authority live in that file and come back at the next start. The
    authority's certificate is written beside the data file, else to a temporary folder.
    """
    with contextlib.ExitStack() as stack:
        datafile = None
        if data is not None:
            datafile = stack.enter_context(contextlib.closing(DataFile(data)))
        org = new_org(datafile, client_id=client_id, client_secret=client_secret)
        service = SalesforceService(org)
        authority = _authority(datafile) if tls else None
        ca_file = None
        if authority is not None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-ca-"))
            place = Path(folder) / "ca.pem" if data is None else data.with_suffix(".ca.pem")
            ca_file = authority.write_pem(place)
        ports = stack.enter_context(
            serve(
                EmulatorApp(service),
                port=port,
                tls_port=tls_port,
                tls=None if authority is None else authority.server_context(),
            )
        )
        control = stack.enter_context(EmulatorControl(ports.url))
        yield RunningEmulator(
            ports.url, ports.tls_url, ca_file, org.client_id, org.client_secret, control, service
        )


def _authority(datafile: DataFile | None) -> EmulatorCA:
    state = datafile.read_setting("ca") if datafile is not None else None
    if state is not None:
        return EmulatorCA.from_state(state)
    authority = EmulatorCA.create()
    if datafile is not None:
        datafile.write_setting("ca", authority.state())
    return authority
