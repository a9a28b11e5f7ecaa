"""Azure: storage and service-bus keys, client secrets, shared access signatures, DevOps tokens."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_azure",
    (
        # A connection string is a credential as a whole, as an address with a password is.
        token(
            "azure.connection",
            r"(DefaultEndpointsProtocol|Endpoint)=[^ \t\r\n\"'<>]*(Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}"
            r"(;[A-Za-z]+=[A-Za-z0-9.:/_-]+)*",
            "secret.azure",
            longest=1024,
        ),
        token(
            "azure.sas_whole",
            r"sv=[0-9]{4}-[0-9]{2}-[0-9]{2}&[A-Za-z0-9%&=:._-]*sig=[A-Za-z0-9%+/_-]{40,}={0,2}",
            "secret.azure",
            longest=1024,
        ),
        token("azure.account_key", r"(Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}", "secret.azure"),
        token(
            "azure.client_secret",
            r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,}",
            "secret.azure",
            beside=Beside.WORD,
            random=True,
        ),
        token("azure.sas", r"[?&;]sig=[A-Za-z0-9%+/]{40,}={0,2}", "secret.azure"),
        token("azure.devops", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", "secret.azure", beside=Beside.WORD),
        token(
            "azure.function_key", r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5,}={0,2}", "secret.azure", beside=Beside.WORD
        ),
        token("azure.search_key", r"[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5,}", "secret.azure", beside=Beside.WORD),
        token("azure.storage_key_v2", r"[A-Za-z0-9+/]{76}\+?AStA?[A-Za-z0-9+/]{5}[AQgw]==", "secret.azure"),
    ),
    "Azure storage keys, client secrets, SAS signatures and DevOps tokens",
)
