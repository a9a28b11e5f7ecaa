"""PostgreSQL's frontend/backend protocol, version 3.0 (PostgreSQL documentation, chapter "Frontend/Backend Protocol").

    client bytes   -> frames.StartupReader, frames.FrameReader -> session.UnitCollector -> a unit to decide on
    server bytes   -> frames.RunReader -> backend.read_* for what somebody reads, rows / copy_data for what is masked
    bytes we send  <- frontend.write_* (to the server), answers.write_* and denial (to the client)

Every reader raises exactly `MalformedInput` on bytes that don't follow the protocol, and none of them keeps a value in
an error.
"""
