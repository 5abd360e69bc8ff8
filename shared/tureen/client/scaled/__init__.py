"""Rooms that look like one router: `connect(url, scale="node")` and `scale="cluster"`."""
