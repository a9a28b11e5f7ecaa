"""The control port: the API under `/api`, the console's pages, and the agents' port's shell.

    bytes -> hardening -> routes (api/, console/) -> callers: who? -> votes: may it count? -> desk, registry
              headers, size,                          session, CSRF
              last resort

Nothing here decides anything about an action: the desk does, and every route ends in one of its calls.
"""
