"""How operators report what went wrong."""

import functools
from collections.abc import Callable

import bpy

from ..core.base.errors import LabelpassError

Execute = Callable[[bpy.types.Operator, bpy.types.Context], set[str]]


def cancels_on_error(execute: Execute) -> Execute:
    """Let the `execute` of an operator report a LabelpassError and end there."""

    @functools.wraps(execute)
    def reporting(self: bpy.types.Operator, context: bpy.types.Context) -> set[str]:
        try:
            return execute(self, context)
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    return reporting
