"""The side of servers: links to servers that speak MCP, over HTTP or as child processes, in both eras.

links.py     which upstream session a request gets; none is shared by two actors
session.py   one upstream session, in a task of its own
greeting.py  how it begins: `server/discover` or `initialize`
turning.py   what a server asks or tells the client by itself
inputs.py    the same for a client of the older era at a server of the newer one
sieve.py     what comes in, looked at before anything acts on it
http_asking.py, http_connection.py  the short way to a server of 2026-07-28 over HTTP, on connections of our own
http_*.py, process_*.py, oauth.py   the wires, and what we show there
"""

from interlock.doors.mcp.upstream.links import UpstreamLinks

__all__ = ["UpstreamLinks"]
