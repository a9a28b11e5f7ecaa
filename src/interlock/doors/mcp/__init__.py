"""The MCP door: every tool call through the gate."""
