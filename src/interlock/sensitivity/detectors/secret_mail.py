"""Mail and telephony: Twilio, SendGrid, Mailgun, Brevo, Resend."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_mail",
    (
        token("twilio.key", r"SK[0-9a-f]{32}", "secret.twilio", beside=Beside.WORD),
        token("twilio.account", r"AC[0-9a-f]{32}", "secret.twilio", beside=Beside.WORD),
        token("sendgrid.key", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,}", "secret.sendgrid"),
        token("mailgun.key", r"(pub)?key-[0-9a-f]{32}", "secret.mailgun"),
        token("mailgun.new_key", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}", "secret.mailgun", beside=Beside.WORD),
        token("brevo.key", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}", "secret.brevo"),
        token("resend.key", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", "secret.resend", beside=Beside.WORD, random=True),
    ),
    "keys of Twilio, SendGrid, Mailgun, Brevo and Resend",
)
