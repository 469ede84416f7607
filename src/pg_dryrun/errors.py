"""Errors of the rehearsal.

DryRunError
├── UsageError           the call's words are off                               exit 2
├── PlanFault            the plan is wrong: it asks for what cannot be right    exit 3
├── EnvironmentFault     no environment could be lent, restored or reached      exit 5 (INCOMPLETE)
└── (product defects are not errors of this package: they are recorded by gates as ``Failed``)

ToolFault                a defect of this tool itself; a separate root on purpose, so that no ``except DryRunError``
                         can report it as a product defect                      exit 4
"""


class DryRunError(Exception):
    """Root of what may be said about a run. ``code`` is stable, ``remedy`` says what to do."""

    code = "DRY_RUN"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(DryRunError):
    code = "USAGE"


class PlanFault(DryRunError):
    code = "PLAN"


class EnvironmentFault(DryRunError):
    code = "ENVIRONMENT"


class ToolFault(BaseException):
    """A promise of this tool is broken. Not an ``Exception``: only the runner's outermost room may catch it."""

    code = "TOOL"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "Report it with the folder of the run; the verdict says nothing about the product.",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
