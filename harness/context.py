"""The context object that a handler gets beside its event.

Fields and methods: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve Python function
information". Only those of functions that no mobile client calls are here.
"""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """What a handler can ask about its invocation."""

    function_name: str
    """The function's name."""
    aws_request_id: str
    """The invocation's id."""
    deadline: float
    """When the invocation times out, in seconds of `time.monotonic()`."""
    invoked_function_arn: str
    """The function's ARN."""
    memory_limit_in_mb: str = "256"
    """Its memory, as text as AWS has it; not enforced."""
    log_group_name: str = ""
    log_stream_name: str = ""
    """Where AWS would log."""
    function_version: str = "$LATEST"
    """Always `$LATEST`."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time before the invocation times out, never below 0."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))
