"""What a service tells about itself: log lines, and the trace that a request belongs to.

Export to OpenTelemetry belongs into `trace`: a request's span begins where `TraceContext.child` is called and ends
where whoever called `use_trace` or `enter_trace` is done, and nothing else in the project makes spans.
"""

from __future__ import annotations

from tureen.telemetry.logs import setup_logging
from tureen.telemetry.trace import TRACEPARENT, TraceContext, current_trace, enter_trace, use_trace

__all__ = ["TRACEPARENT", "TraceContext", "current_trace", "enter_trace", "setup_logging", "use_trace"]
