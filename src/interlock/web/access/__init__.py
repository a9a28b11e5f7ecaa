"""AuthZEN: callers who enforce decisions themselves ask here (OpenID Authorization API 1.0, `/access/v1`), and have
people sign for what is held (Access Request and Approval Profile, draft 1: its shapes may change with a later draft).

    evaluation -> decision false, context.access_request -> POST requests -> task -> people sign
               -> evaluation with context.approval -> decision true, once

An evaluation opens no review and a request releases nothing; each is one call of the gate (`asking`).
"""
