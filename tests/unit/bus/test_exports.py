from __future__ import annotations

import tureen.bus
import tureen.config
import tureen.telemetry


def test_public_names() -> None:
    """What other parts may use is this, and all of it is there."""
    assert sorted(tureen.bus.__all__) == [
        "Bucket",
        "Bus",
        "BusSettings",
        "Call",
        "Entry",
        "Handler",
        "Mirror",
        "Result",
        "Service",
        "ServiceLimits",
        "StoreLost",
        "Subscription",
        "run",
        "spare_what_started",
        "stop_requested",
    ]
    assert sorted(tureen.config.__all__) == ["Settings", "SettingsError", "describe"]
    assert sorted(tureen.telemetry.__all__) == [
        "TRACEPARENT",
        "TraceContext",
        "current_trace",
        "enter_trace",
        "setup_logging",
        "use_trace",
    ]
    for module in (tureen.bus, tureen.config, tureen.telemetry):
        assert all(hasattr(module, name) for name in module.__all__)
