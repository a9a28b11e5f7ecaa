"""Tools of work: Linear, Notion, Figma, Airtable, Asana, Postman, Readme, Zapier-like hooks."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_work_tools",
    (
        token("linear.key", r"lin_(api|oauth|wh)_[A-Za-z0-9]{32,}", "secret.linear"),
        token("notion.token", r"ntn_[A-Za-z0-9]{40,}", "secret.notion"),
        token("notion.legacy", r"secret_[A-Za-z0-9]{43}", "secret.notion", beside=Beside.WORD, random=True),
        token("figma.token", r"fig[dour]h?_[A-Za-z0-9_-]{36,}", "secret.figma"),
        token("airtable.token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", "secret.airtable"),
        token("asana.token", r"[0-9]/[0-9]{15,}(/[0-9]{15,})?:[0-9a-f]{32}", "secret.asana", beside=Beside.WORD),
        token("postman.key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", "secret.postman"),
        token("readme.key", r"rdme_[a-z0-9]{70}", "secret.readme"),
    ),
    "tokens of Linear, Notion, Figma, Airtable, Asana and Postman",
)
