"""The set-up side of one connection: fields, rights and the app, behind the port.

Set-up needs more rights than the daily user should have, so a connection may name an admin's app
(`setup_client_id`, `setup_client_secret`) or user (`setup_username`) that is used for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from adapters.salesforce.deploy import PARTS, AppInstaller
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.fields import FieldInstaller, list_fields
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, SettingsError
from connector.ports.manifest import Opening
from connector.ports.setup import FieldsWanted, SetupOutcome, SetupPlan, Tell

_NO_RIGHT = (
    "INSUFFICIENT_ACCESS",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "API_DISABLED_FOR_ORG",
    "FUNCTIONALITY_NOT_ENABLED",
)
RIGHTS = (
    "Customize Application",
    "Modify Metadata Through Metadata API Functions",
    "View Setup and Configuration",
    "Manage Profiles and Permission Sets",
    "Assign Permission Sets",
)
"""System permissions that set-up needs, in the words of Salesforce's Setup."""


class SalesforceSetup:
    """SetupPort over one org."""

    def __init__(self, opening: Opening) -> None:
        self._daily = SalesforceSession(opening)
        admin = as_admin(opening)
        self._admin = self._daily if admin is opening else SalesforceSession(admin)
        catalogue = Catalogue(self._admin)
        self._fields = FieldInstaller(self._admin, catalogue, self._daily)
        self._app = AppInstaller(self._admin, catalogue)

    def __repr__(self) -> str:
        return f"SalesforceSetup({self._admin.options.host})"

    @property
    def parts(self) -> Sequence[str]:
        """Optional parts of the app."""
        return PARTS

    def plan_fields(self, wanted: FieldsWanted) -> SetupPlan:
        """Fields and rights against the org's."""
        with self._naming_rights():
            return self._fields.plan(wanted)

    def apply_fields(self, plan: SetupPlan) -> Sequence[SetupOutcome]:
        """Create fields and grant rights."""
        with self._naming_rights():
            return self._fields.apply(plan)

    def plan_app(self, parts: Sequence[str]) -> SetupPlan:
        """The app against the org's components."""
        with self._naming_rights():
            return self._app.plan(parts)

    def plan_removal(self, wanted: FieldsWanted) -> SetupPlan:
        """What of ours is in the org."""
        made = [("CustomField", field.full_name) for field in list_fields(wanted)]
        with self._naming_rights():
            return self._app.plan_removal(made)

    def apply_app(self, plan: SetupPlan, tell: Tell) -> Sequence[SetupOutcome]:
        """One deployment."""
        with self._naming_rights():
            return self._app.apply(plan, tell)

    def close(self) -> None:
        """Give up the connections."""
        self._daily.close()
        self._admin.close()

    @contextmanager
    def _naming_rights(self) -> Iterator[None]:
        """Say which permissions set-up needs when the org refuses it."""
        try:
            yield
        except RefusedError as error:
            if error.code not in _NO_RIGHT:
                raise
            raise RefusedError(
                "This user may not set the org up: {detail}",
                code=error.code,
                where=error.where,
                next_step="It needs the permissions {rights}. Name an admin's app by "
                "setup_client_id and setup_client_secret of the connection; only set-up uses it.",
                detail=error.params.get("detail", error.code),
                rights=", ".join(RIGHTS),
            ) from None


def as_admin(opening: Opening) -> Opening:
    """The opening with the admin's credentials in place of the daily ones; the same one when the
    connection names none."""
    given = {name: text for name, text in opening.options.items() if text.strip()}
    options = dict(opening.options)
    if "setup_username" in given:
        options["username"] = given["setup_username"]
    if "setup_client_id" in given or "setup_client_secret" in given:
        if not ("setup_client_id" in given and "setup_client_secret" in given):
            raise SettingsError(
                "The admin's app for set-up is named by half.",
                where=opening.connection,
                next_step="Give both setup_client_id and setup_client_secret, or neither.",
            )
        options["client_id"] = given["setup_client_id"]
        options["client_secret"] = given["setup_client_secret"]
        # An app with a secret signs itself in; the daily user's key has no part in that.
        options.pop("private_key", None)
        options.pop("username", None)
    return opening if options == dict(opening.options) else replace(opening, options=options)
