"""Pipes between the routers of a room: this agent as the one that pulls, and as the one that serves."""
