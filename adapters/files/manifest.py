"""The card of the files adapter."""

from __future__ import annotations

from connector.errors import InputError
from connector.ports.manifest import AdapterPort, Manifest, Opening, OptionSpec

MOST_WATCH = 86_400
"""Seconds between two looks at the folder."""


def open_folder(opening: Opening) -> AdapterPort:
    """The adapter on the connection's folder; InputError for a wrong option."""
    from adapters.files.adapter import FilesAdapter
    from adapters.files.folders import Folder

    given = opening.options.get("max_megabytes") or "500"
    if not given.isdigit() or not 0 < int(given) <= 100_000:
        raise InputError(
            "max_megabytes of {connection} is not a size: {given}.",
            next_step="Give a whole number of megabytes.",
            connection=opening.connection,
            given=given,
        )
    if not opening.options.get("folder"):
        raise InputError(
            "The connection {connection} names no folder.",
            next_step="Add `folder` to it: the folder that the exports are put into.",
            connection=opening.connection,
        )
    watch = opening.options.get("watch_seconds") or "0"
    if not watch.isdigit() or int(watch) > MOST_WATCH:
        raise InputError(
            "watch_seconds of {connection} is not a number of seconds: {given}.",
            next_step="Give a whole number up to {most}; 0 looks by the timetable only.",
            connection=opening.connection,
            given=watch,
            most=MOST_WATCH,
        )
    folder = opening.folder / opening.options["folder"]
    only = opening.options.get("only", "")
    return FilesAdapter(Folder(folder, int(given) * 1_000_000, only), int(watch))


MANIFEST = Manifest(
    name="files",
    title="Files (CSV, XLSX)",
    options=(
        OptionSpec("folder", "folder that the exports are put into", required=True),
        OptionSpec("only", "pattern of the files that are looked at; all if none"),
        OptionSpec("max_megabytes", "largest file that is read", default="500"),
        OptionSpec(
            "watch_seconds",
            "so often the daemon looks for changed files, which are read once they lie still; "
            "0 = by the timetable only",
            default="0",
        ),
    ),
    open=open_folder,
    mappings=("files-erp",),
)
