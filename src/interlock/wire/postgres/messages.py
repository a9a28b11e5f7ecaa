"""Every message type of protocol 3.2, both ways, and what the door does with it: the one table.

A type that doesn't stand here is unknown, and closes the connection. What isn't taken at the stage where it comes is
refused or closes the connection too; the sentence says so.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", sections "Message Flow" and "Message Formats".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Treatment(StrEnum):
    """What becomes of a message."""

    FORWARD = "forward"  # goes on as it is, or masked
    UNDERSTAND = "understand"  # read and acted upon; what goes on, if anything, is ours
    ANSWER = "answer"  # the gateway answers it itself
    REFUSE = "refuse"  # an error for the client, or the end of the connection


class Sender(StrEnum):
    """Who says it."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class MessageType:
    """One row: `code` is the type byte, empty for the untyped packets that open a connection."""

    code: bytes
    name: str
    sender: Sender
    treatment: Treatment
    sentence: str


@dataclass(frozen=True, slots=True)
class AuthenticationKind:
    """One kind of the server's Authentication message, by the number in its body."""

    number: int
    name: str
    treatment: Treatment
    sentence: str


def rows() -> Iterator[MessageType]:
    """Every message type, untyped packets first, then the client's and the server's by name."""
    yield from UNTYPED
    yield from _CLIENT
    yield from _SERVER


def _client(code: bytes, name: str, treatment: Treatment, sentence: str) -> MessageType:
    return MessageType(code, name, Sender.CLIENT, treatment, sentence)


def _server(code: bytes, name: str, treatment: Treatment, sentence: str) -> MessageType:
    return MessageType(code, name, Sender.SERVER, treatment, sentence)


UNTYPED = (
    _client(
        b"",
        "CancelRequest",
        Treatment.UNDERSTAND,
        "Cancels what the session with this key runs or waits for; the key is of ours, 4 bytes in 3.0 and 32 in 3.2.",
    ),
    _client(b"", "GSSENCRequest", Treatment.ANSWER, "Answered with N: there is no GSSAPI encryption."),
    _client(
        b"",
        "SSLRequest",
        Treatment.ANSWER,
        "Answered with S and a handshake where the port has a certificate, else with N; bytes sent along with it close"
        " the connection.",
    ),
    _client(
        b"",
        "StartupMessage",
        Treatment.UNDERSTAND,
        "Names the actor and the connection; harmless settings go upstream, others and replication are refused.",
    ),
)

_CLIENT = (
    _client(b"B", "Bind", Treatment.UNDERSTAND, "Kept with its unit; sent under names of ours once it is released."),
    _client(b"C", "Close", Treatment.ANSWER, "Names are kept here; what the server has of it is closed there."),
    _client(
        b"d",
        "CopyData",
        Treatment.FORWARD,
        "Within COPY FROM STDIN searched for mask tokens and sent on or collected; dropped outside of one.",
    ),
    _client(b"c", "CopyDone", Treatment.FORWARD, "Ends the rows of a COPY FROM STDIN; dropped outside of one."),
    _client(b"f", "CopyFail", Treatment.FORWARD, "Ends a COPY FROM STDIN with an error; dropped outside of one."),
    _client(b"D", "Describe", Treatment.ANSWER, "Answered by what the server said when the statement was prepared."),
    _client(b"E", "Execute", Treatment.UNDERSTAND, "Decided on with its whole unit; sent once that is released."),
    _client(b"H", "Flush", Treatment.UNDERSTAND, "Ends a unit of decision, and leaves the implicit transaction open."),
    _client(
        b"F",
        "FunctionCall",
        Treatment.REFUSE,
        "Refused with an error: it calls a function by its number, and SELECT does the same.",
    ),
    _client(
        b"p",
        "PasswordMessage, SASLInitialResponse, SASLResponse, GSSResponse",
        Treatment.UNDERSTAND,
        "At the login a key, token or password of the actor; later it closes the connection.",
    ),
    _client(b"P", "Parse", Treatment.ANSWER, "Read, judged and prepared upstream under a name of ours."),
    _client(b"Q", "Query", Treatment.UNDERSTAND, "Split, judged and decided on as a whole; sent once it is released."),
    _client(b"S", "Sync", Treatment.UNDERSTAND, "Ends a unit of decision, and the effect of an error."),
    _client(b"X", "Terminate", Treatment.UNDERSTAND, "Ends the session."),
)

_SERVER = (
    _server(b"R", "Authentication", Treatment.UNDERSTAND, "At the login, by its kind; later it ends the session."),
    _server(
        b"K", "BackendKeyData", Treatment.UNDERSTAND, "Kept for cancels; the client gets a key of ours. Only at login."
    ),
    _server(b"2", "BindComplete", Treatment.UNDERSTAND, "Answers a message of ours; the client's was answered here."),
    _server(b"3", "CloseComplete", Treatment.UNDERSTAND, "Answers a message of ours; the client's was answered here."),
    _server(b"C", "CommandComplete", Treatment.FORWARD, "Read for the outcome and the number of rows, and sent on."),
    _server(
        b"W",
        "CopyBothResponse",
        Treatment.REFUSE,
        "Ends the session: only replication answers so, and that isn't let through.",
    ),
    _server(b"d", "CopyData", Treatment.FORWARD, "Rows of a COPY TO STDOUT, masked; outside of one, ends the session."),
    _server(b"c", "CopyDone", Treatment.FORWARD, "Ends the rows of a COPY TO STDOUT."),
    _server(
        b"G",
        "CopyInResponse",
        Treatment.UNDERSTAND,
        "The server waits for a COPY's rows; the client is told so by us. Where no such COPY was released, ends the"
        " session.",
    ),
    _server(
        b"H",
        "CopyOutResponse",
        Treatment.FORWARD,
        "Sent on when the COPY has the columns that it was decided on; else it ends the session.",
    ),
    _server(
        b"D",
        "DataRow",
        Treatment.FORWARD,
        "Masked where something is to be masked; where no rows were described it ends the session.",
    ),
    _server(b"I", "EmptyQueryResponse", Treatment.FORWARD, "Sent on in its statement's place."),
    _server(
        b"E",
        "ErrorResponse",
        Treatment.UNDERSTAND,
        "Told field by field: its SQLSTATE, known names, the server's sentence if it holds no value, else ours.",
    ),
    _server(
        b"V",
        "FunctionCallResponse",
        Treatment.REFUSE,
        "Ends the session: no function call was sent.",
    ),
    _server(
        b"v",
        "NegotiateProtocolVersion",
        Treatment.REFUSE,
        "Ends the login: we ask for 3.0 and no options, which nothing has to be negotiated of.",
    ),
    _server(b"n", "NoData", Treatment.UNDERSTAND, "Answers a Describe of ours."),
    _server(
        b"N",
        "NoticeResponse",
        Treatment.UNDERSTAND,
        "Told field by field: its SQLSTATE and severity, the server's sentence if it holds no value, else ours.",
    ),
    _server(
        b"A",
        "NotificationResponse",
        Treatment.UNDERSTAND,
        "Told between units to a session that listens on that channel, its payload masked.",
    ),
    _server(b"t", "ParameterDescription", Treatment.UNDERSTAND, "Answers a Describe of ours."),
    _server(
        b"S",
        "ParameterStatus",
        Treatment.FORWARD,
        "Sent on behind session traffic; where anything else changed a setting that matters, ends the session.",
    ),
    _server(b"1", "ParseComplete", Treatment.UNDERSTAND, "Answers a message of ours; the client's was answered here."),
    _server(b"s", "PortalSuspended", Treatment.FORWARD, "The Execute's limit was reached; sent on."),
    _server(b"Z", "ReadyForQuery", Treatment.UNDERSTAND, "Tells the transaction's state; the client gets one of ours."),
    _server(
        b"T",
        "RowDescription",
        Treatment.FORWARD,
        "Compared with the shape that was decided on, and sent on; another shape ends the session.",
    ),
)

AUTHENTICATION = (
    AuthenticationKind(0, "Ok", Treatment.UNDERSTAND, "Taken where the login that the settings name has ended."),
    AuthenticationKind(2, "KerberosV5", Treatment.REFUSE, "No server asks for it any more."),
    AuthenticationKind(3, "CleartextPassword", Treatment.REFUSE, "The password would be shown to whoever asks."),
    AuthenticationKind(5, "MD5Password", Treatment.UNDERSTAND, 'Only with login = "md5".'),
    AuthenticationKind(6, "SCMCredential", Treatment.REFUSE, "No server asks for it any more."),
    AuthenticationKind(7, "GSS", Treatment.REFUSE, "There is no GSSAPI login."),
    AuthenticationKind(8, "GSSContinue", Treatment.REFUSE, "There is no GSSAPI login."),
    AuthenticationKind(9, "SSPI", Treatment.REFUSE, "There is no SSPI login."),
    AuthenticationKind(10, "SASL", Treatment.UNDERSTAND, "SCRAM-SHA-256-PLUS behind TLS where offered, SCRAM-SHA-256."),
    AuthenticationKind(11, "SASLContinue", Treatment.UNDERSTAND, "Once, within SCRAM."),
    AuthenticationKind(12, "SASLFinal", Treatment.UNDERSTAND, "Must prove that the server knows the password."),
)

FROM_CLIENT: Mapping[bytes, MessageType] = MappingProxyType({row.code: row for row in _CLIENT})
FROM_SERVER: Mapping[bytes, MessageType] = MappingProxyType({row.code: row for row in _SERVER})


def is_known(code: bytes, sender: Sender) -> bool:
    """Whether protocol 3.2 has a message of this type from this side."""
    return code in (FROM_CLIENT if sender is Sender.CLIENT else FROM_SERVER)
