"""Values for marked lines, put together when asked for: `@M` stands for a digest, `@PEM` for a private key."""

from __future__ import annotations

_HEX = "9f86d081884c7d659a2feaa0c55ad015"
_BASE = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt"
_LINE = "-" * 5
_PEM = f"{_LINE}BEGIN RSA PRIVATE KEY{_LINE}\n{_BASE}\n{_BASE}\nq7Zx=\n{_LINE}END RSA PRIVATE KEY{_LINE}"
_BUILT = {
    "@PEMI": _PEM.replace("\n", "\n  "),
    "@PEM": _PEM,
    "@CUT": f"{_LINE}BEGIN OPENSSH PRIVATE KEY{_LINE}\n{_BASE}\n{_BASE}",
    "@PUTTY": f"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: a b\n"
    f"Private-Lines: 1\n{_BASE}\nPrivate-MAC: {_HEX}9f86d081",
    "@WG": "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm" + "k=",
    "@K1": "aB3dE6gH9" * 3 + "kL2mN",
    "@K2": "q7Zx" * 8,
    "@K3": "aB3dE6gH9k" * 4,
    "@ID": "123e4567-e89b-12d3-a456-426614174000",
    "@O": "00" + "aB3dE6gH9k" * 4,
    "@D": _HEX + _HEX[:8],
    "@H": _HEX + _HEX[8:16],
    "@U": (_HEX + _HEX[8:16]).upper(),
    "@M": _HEX,
    "@B": "$2" + "b$12$" + "aB3dE6gH9k" * 5 + "abc",
    "@S": "$" + "6$abcdefgh$" + "aB3dE6gH9k" * 8 + "abcdef",
    "@A": "$argon2" + "id$v=19$m=65536,t=3,p=4$" + "aB3dE6gH9kLmNoPq" + "$" + "aB3dE6gH9k" * 4,
}


def built(line: str) -> str:
    """The line with its values in it."""
    for sign, value in _BUILT.items():
        line = line.replace(sign, value)
    return line
