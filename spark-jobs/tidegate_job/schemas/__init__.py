"""JSON Schemas of plan and outcome, generated from `shared/contracts/`, and their validation."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, Literal

import fastjsonschema

ContractError = fastjsonschema.JsonSchemaValueException


@cache
def _validator(name: str) -> Callable[[Any], Any]:
    # By `resources`, since on Glue the package is read from inside a zip.
    schema = json.loads(resources.files(__package__).joinpath(f"{name}.schema.json").read_text("utf-8"))
    compiled: Callable[[Any], Any] = fastjsonschema.compile(schema, use_default=False)
    return compiled


def validate(name: Literal["plan", "outcome"], document: object) -> None:
    """Raise ContractError, which says the path and the rule, unless `document` is a valid plan or outcome."""
    _validator(name)(document)
