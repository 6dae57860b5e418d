"""The errors of the REST API: whole calls and single records."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A whole call fails; the body is a list with one error and its `extra` keys."""

    def __init__(
        self, status: int, code: str, message: str, fields: list[str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.extra: dict[str, Any] = {}

    def body(self) -> list[dict[str, Any]]:
        """Return the error list that the REST API sends."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return [{**error, **self.extra}]


class RecordError(Exception):
    """One record of a write fails; `extra` stands beside the error's own keys."""

    def __init__(
        self, code: str, message: str, fields: list[str] | None = None, status: int = 400
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields or []
        self.status = status
        self.extra: dict[str, Any] = {}

    def as_call_error(self) -> ApiError:
        """Return this as the error of a call that writes one record."""
        error = ApiError(self.status, self.code, self.message, self.fields)
        error.extra = self.extra
        return error

    def as_result(self) -> dict[str, Any]:
        """Return this as one result of a collection call (`statusCode`, not `errorCode`)."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields}
        return {"success": False, "errors": [{**error, **self.extra}]}


def missing_resource() -> ApiError:
    """The path names nothing."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def wrong_method(method: str) -> ApiError:
    """The path exists but not with this method."""
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed")


def bad_json(message: str) -> ApiError:
    """The body cannot be read into records."""
    return ApiError(400, "JSON_PARSER_ERROR", message)


def entity_deleted() -> RecordError:
    """The record is in the recycle bin or gone."""
    return RecordError("ENTITY_IS_DELETED", "entity is deleted", status=404)


def malformed_id(object_name: str, value: object) -> RecordError:
    """A text that is no id of this object stands where an id belongs."""
    return RecordError(
        "MALFORMED_ID", f"{object_name} ID: id value of incorrect type: {value}", ["Id"]
    )


def no_column(name: str, object_name: str) -> RecordError:
    """A write names a field that does not exist or is not visible."""
    return RecordError("INVALID_FIELD", f"No such column '{name}' on sobject of type {object_name}")


def not_writable(names: list[str]) -> RecordError:
    """A write names fields that the user may not write."""
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings "
        "of this field and verify that it is read/write for your profile or permission set.",
        names,
    )


def row_locked(record_id: str) -> RecordError:
    """Another transaction holds the row."""
    return RecordError(
        "UNABLE_TO_LOCK_ROW",
        f"unable to obtain exclusive access to this record or 1 records: {record_id}",
    )
