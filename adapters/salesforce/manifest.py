"""What the Salesforce adapter says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.salesforce.options import OPTIONS
from connector.ports.manifest import AdapterPort, Manifest, Opening

if TYPE_CHECKING:
    from adapters.salesforce.adapter import SalesforceAdapter
    from connector.ports.crm import CrmPort
    from connector.ports.setup import SetupPort

    def _conforms(adapter: SalesforceAdapter) -> tuple[CrmPort, AdapterPort]:
        """The type checker's proof that the adapter is a CRM, source and target."""
        return adapter, adapter


def open_salesforce(opening: Opening) -> AdapterPort:
    """Open a connection; SettingsError when its options are wrong. Nothing is sent yet."""
    # Loaded here: simple-salesforce costs a fifth of a second at every start.
    from adapters.salesforce.adapter import SalesforceAdapter

    return SalesforceAdapter(opening)


def open_salesforce_setup(opening: Opening) -> SetupPort:
    """Open a connection's set-up side; SettingsError when its options are wrong."""
    from adapters.salesforce.setup import SalesforceSetup

    return SalesforceSetup(opening)


MANIFEST = Manifest(
    name="salesforce",
    title="Salesforce",
    options=OPTIONS,
    open=open_salesforce,
    reads=True,
    writes=True,
    mappings=("salesforce", "salesforce-invoices"),
    task_object="Task",
    open_setup=open_salesforce_setup,
)
