"""Other clouds: Alibaba, Tencent, Yandex."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_clouds",
    (
        token("alibaba.key", r"LTAI[A-Za-z0-9]{12,}", "secret.alibaba", beside=Beside.WORD, random=True),
        token("tencent.key", r"AKID[A-Za-z0-9]{32}", "secret.tencent", beside=Beside.WORD, random=True),
        token("yandex.key", r"AQVN[A-Za-z0-9_-]{35,}", "secret.yandex", beside=Beside.WORD, random=True),
        token(
            "yandex.token", r"t1\.[A-Z0-9a-z_-]{60,}[=]{0,2}\.[A-Z0-9a-z_-]{86}[=]{0,2}", "secret.yandex", longest=512
        ),
    ),
    "keys of Alibaba, Tencent and Yandex cloud",
)
