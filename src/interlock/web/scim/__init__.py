"""SCIM 2.0 (RFC 7643, RFC 7644): a directory tells us of people and groups, with a provisioning key and nothing else.

What it says is kept as it says it. Who leaves by it leaves at once; who joins by it waits for a review.
"""

from interlock.web.scim.routes import router

__all__ = ["router"]
