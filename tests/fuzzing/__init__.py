"""A fuzzer of the PostgreSQL door's parsers: real streams, changed; readers and maskers, held to their promises.

    streams    what real clients and a real server said, recorded at each run
    mutation   hostile streams made of them
    clients, servers, maskers   the targets;  dialects   a slow reader of COPY, the witness
    loop       the loop; what comes out as never before becomes a seed

`make fuzz SECONDS=1800`. A finding is told with a command that shows it again.
"""

from tests.fuzzing import clients, maskers, servers

TARGETS = (*clients.TARGETS, *servers.TARGETS, *maskers.TARGETS)
