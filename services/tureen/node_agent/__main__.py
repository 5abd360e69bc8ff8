"""`python -m tureen.node_agent`: one node agent, configured by TUREEN_NODE_AGENT_… and flags."""

from __future__ import annotations

from tureen.node_agent.main import main

main()
