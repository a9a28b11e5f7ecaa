"""What stands where a secret would, and isn't one: references, markers, words of code and of prose."""

from __future__ import annotations

import re
from typing import Final

# Where the value comes from rather than the value: `${X}`, `$(x)`, `$X`, `%X%`, `{{ x }}`, `<x>`, `[x]`, `ENC[...]`,
# addresses of vaults, YAML tags.
_REFERENCE: Final = re.compile(
    r"\$\{.*|\$\(.*|\$[A-Z_][A-Z0-9_]+|\$[a-z_]+[a-z_0-9.>-]*|\$\$?\w+\.\w.*|%[A-Za-z_]+%|%\([a-z_]+\)s?|%[sdvqr]|"
    r"\{\{.*|\{[a-z_.]*\}?|<[^>]*>?|\[[A-Za-z_. *-]*\]?|@@?[A-Za-z_.]+@?|#\{.*|\([a-z ]*\)?|"
    r"(?i:enc\[|enc\(|vault:|vault://|ssm:|secretsmanager:|sops:|ref\+|op://|bao:|arn:aws|projects/|keyvault|keyring:|"
    r"env:|file:|secret:|"
    r"base64decode|secretref|!ref|!sub|!secret|!vault|!env|fn::|gcp:|awssm:|akv:|doppler:).*",
    re.DOTALL,
)
# Code that fetches it: a call, an index, a member of what programs keep their settings in.
_CODE: Final = re.compile(
    r"(?:new )?[A-Za-z_$][\w$.]{0,80}(?:\(.*|\[(?:[\"'\w].*)?)|"
    r"(?:self|this|cls|os|sys|process|env|environ|config|conf|cfg|settings|options|opts|args|argv|params|props|request|"
    r"req|res|response|ctx|context|user|data|body|form|input|event|state|app|secrets?|credentials?|creds|session|kwargs|"
    r"module|var|local|vars|values|spec|input|faker|fake|constants?|obj|account|client|auth|login|payload|e|d|t|c|s|p|u)"
    r"(?:\??\.|->|::)[A-Za-z_$].*",
    re.DOTALL,
)
_NOTHING: Final = frozenset(
    """
    none null nil undefined void empty blank missing absent unset true false yes no on off n/a na tbd todo unknown
    redacted masked hidden removed deleted omitted filtered scrubbed sanitized sanitised obfuscated protected
    confidential encrypted hashed password passwd passphrase pass pwd token key apikey api_key value string str
    text varchar char bytes byte int integer number bool boolean object any optional required mandatory default
    placeholder sample dummy foo bar baz xxx ... *** --- function async await return const var let def class
    import from public static final readonly nullable nonnull password123_example not_set notset your_password
    yourpassword your-password mypassword_here somepassword somevalue some_value insert_here field input output
    label type name title description prompt params request response error invalid incorrect wrong expired expires
    reset changed updated failed failure success successful accepted denied rejected verified valid hash hashed
    hash_value digest authentication authorization auth bearer basic oauth oauth2 jwt length minlength
    admin_password db_password passwordfield newpassword oldpassword confirmpassword currentpassword userpassword
    new_password old_password
    """.split()  # noqa: SIM905  (a list of this length reads better as words)
)
_FILLED: Final = re.compile(r"(?:x{3,}|X{3,}|\*{2,}|\.{3,}|-{3,}|_{3,}|#{3,}|•{2,}|●{2,}|…|\?{3,}|0{6,})[\w*.-]{0,4}")
_TOLD: Final = re.compile(
    r"(?i)(?:<|\[|\{)?(?:your|my|the|some|enter|insert|put|add|type|replace|example|sample|placeholder|redacted|masked|"
    r"hidden|removed|changeme_?here|xxx+)[ _-](?:[a-z]+[ _-]?){1,6}(?:>|\]|\})?"
)


# What names a way to hash, seal or sign: `scram-sha-256`, `aes-256-gcm`, `RS256`.
_ALGORITHM: Final = re.compile(
    r"(?:scram-|hmac-?|pbkdf2-|rsa-)?(?:sha|aes|rsa|md|rs|es|hs|ps|ed|x)[-_]?[0-9]{1,5}(?:[-_/][a-z0-9]{1,8}){0,3}"
)


def is_reference(value: str) -> bool:
    """Whether it names the place where a secret is kept, or is code that fetches it."""
    return _REFERENCE.fullmatch(value) is not None or _CODE.fullmatch(value) is not None


def is_nothing(value: str) -> bool:
    """Whether it's a word, a filler or an instruction of a manual."""
    plain = value.strip().lower()
    return (
        plain.strip("<>[](){}\"'`.,:;!*") in _NOTHING
        or plain == ""
        or _FILLED.fullmatch(plain) is not None
        or _ALGORITHM.fullmatch(plain) is not None
        or _TOLD.fullmatch(plain) is not None
        or len(set(plain)) == 1
    )
