"""What identity.changed entries say about people, owners and passkeys."""

from __future__ import annotations

from enum import StrEnum


class IdentityChange(StrEnum):
    """One change. Removals take effect at once; what a provisioning service adds takes effect through a review."""

    OWNER_ACCEPTED = "owner_accepted"  # subject: the agent or service; person: its owner
    OWNER_DECLINED = "owner_declined"
    PASSKEY_ADDED = "passkey_added"  # subject: the person; credential, public_key (base64url), count, name
    PASSKEY_REMOVED = "passkey_removed"
    PERSON_ADDED = "person_added"  # subject: the person; name, source
    PERSON_REMOVED = "person_removed"
    GROUP_ADDED = "group_added"  # subject: the person; group, source
    GROUP_REMOVED = "group_removed"
    SESSIONS_ENDED = "sessions_ended"  # subject: the person, whose console sessions begun so far are over
