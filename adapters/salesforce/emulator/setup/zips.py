"""Zip files of deployments: read within bounds, written for retrieves."""

from __future__ import annotations

import io
import zipfile
import zlib

from adapters.salesforce.emulator.setup.problems import SetupError

# Metadata API Developer Guide, "deploy()": files, compressed and uncompressed size.
FILES_MAX = 10_000
ZIP_MAX = 39 * 1024 * 1024
UNZIPPED_MAX = 400 * 1024 * 1024


class PackageZip:
    """The files of a deployment by path; contents are unpacked when they are asked for."""

    def __init__(self, content: bytes) -> None:
        if len(content) > ZIP_MAX:
            raise _limit(f"Maximum size of request reached. Maximum size of zip file is {ZIP_MAX}")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            raise SetupError("ZipFile is not a valid zip file", "INVALID_ZIP_FILE") from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        if len(entries) > FILES_MAX:
            raise _limit(f"Maximum number of files exceeded: {len(entries)}, at most {FILES_MAX}")
        if sum(entry.file_size for entry in entries) > UNZIPPED_MAX:
            raise _limit(f"The unzipped files are larger than {UNZIPPED_MAX} bytes")
        for entry in entries:
            self._entries[_checked_path(entry, self._entries)] = entry

    def paths(self) -> list[str]:
        """Return the paths of all files."""
        return list(self._entries)

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None when there is none; raises SetupError."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        try:
            with self._zip.open(entry) as source:
                content = source.read(entry.file_size + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
            raise SetupError(f"{path} cannot be unpacked", "INVALID_ZIP_FILE") from None
        if len(content) > entry.file_size:
            raise _limit(f"{path} is larger than the zip file says")
        return content


def pack(files: dict[str, bytes]) -> bytes:
    """Return a zip of the files, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in sorted(files.items()):
            target.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _checked_path(entry: zipfile.ZipInfo, known: dict[str, zipfile.ZipInfo]) -> str:
    path = entry.filename
    parts = path.split("/")
    if (
        path.startswith("/")
        or "\\" in path
        or ":" in path
        or any(p in {"", ".", ".."} for p in parts)
    ):
        raise SetupError(f"Illegal path in the zip file: {path!r}", "INVALID_ZIP_FILE")
    if path in known:
        raise SetupError(f"The zip file has two files {path!r}", "INVALID_ZIP_FILE")
    return path


def _limit(message: str) -> SetupError:
    return SetupError(message, "LIMIT_EXCEEDED")
