"""Names that have changed since the golden files were written, so that a file need not be written anew for a new name."""

from typing import Any

from django.db.models import Model

# New name -> old name, by model: "Delivery.own_status": "own" for a column, "Batch.state=rejected": "refused" for one of its
# values, "Recipient": "Delivery" for a model (its columns stand under its new name). "Job.task=…" for a task of the queue.
RENAMED: dict[str, Any] = {
    "Attempt.outcome=not_taken": "safe",
    "Attempt.outcome=rejected": "refused",
    "Attempt.outcome=unknown": "unsure",
    "Attempt.vendor_message": "vendor_word",
    "Batch.n_rejected": "n_refused",
    "Batch.reason=too_late": "useless_after",
    "Batch.state=rejected": "refused",
    "Batch.state=too_late": "lapsed",
    "Batch.vendor_message": "vendor_word",
    "Delivery.own_status": "own",
    "Delivery.vendor_message": "vendor_word",
    "Delivery.run_id": "run",
    "Dispatch.run_id": "run",
    "Dispatch.send_until": "useless_after",
    "Follow-up.group=rejected": "refused",
}


def old_name(model: str, name: str) -> str:
    """What the golden files call a column, given by its names of today."""
    return str(RENAMED.get(f"{model}.{name}", name))


def old_value(model: str, name: str, value: Any) -> Any:
    """What the golden files call a value of a column, both given by their names of today."""
    return RENAMED.get(f"{model}.{name}={value}", value)


def old(row: Model) -> dict[str, Any]:
    """Every column of a stored row: the name and value of then. A foreign key is the other row's key."""
    model = type(row).__name__
    return {
        old_name(model, column.name): old_value(model, column.name, getattr(row, column.attname))
        for column in row._meta.concrete_fields
    }


def new(model: type[Model], **columns: Any) -> dict[str, Any]:
    """Columns and values by their names of then, as a filter or an update of today takes them."""
    names = {name: new_name(model.__name__, name) for name in columns}
    return {today: new_value(model.__name__, today, columns[name]) for name, today in names.items()}


def new_name(model: str, name: str) -> str:
    """What a column is called today, given by its name of then."""
    start = f"{model}."
    keys = (key for key, was in RENAMED.items() if was == name and key.startswith(start) and "=" not in key)
    return next(keys, start + name).removeprefix(start)


def new_value(model: str, name: str, value: Any) -> Any:
    """What a value of a column, given by the column's name of today, is today."""
    if not isinstance(value, str | int):  # a time, an expression: such values have no names
        return value
    start = f"{model}.{name}="
    keys = (key for key, was in RENAMED.items() if key.startswith(start) and was == value)
    key = next(keys, None)
    return value if key is None else key.removeprefix(start)
