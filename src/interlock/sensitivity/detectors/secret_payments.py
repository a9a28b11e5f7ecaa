"""Payment services: Stripe, Square, Braintree, Plaid and others. Publishable keys (`pk_`) are public by design."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_payments",
    (
        token("stripe.key", r"[sr]k_(live|test)_[A-Za-z0-9]{10,}", "secret.stripe"),
        token("stripe.webhook", r"whsec_[A-Za-z0-9+/]{24,}={0,2}", "secret.stripe"),
        token("square.token", r"sq0(atp|csp|idp)-[A-Za-z0-9_-]{22,}", "secret.square"),
        token("square.access", r"EAAA[A-Za-z0-9_-]{60}", "secret.square", beside=Beside.WORD),
        token("braintree.token", r"access_token\$(production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}", "secret.braintree"),
        token(
            "plaid.token",
            r"access-(sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "secret.plaid",
        ),
        token("razorpay.key", r"rzp_(live|test)_[A-Za-z0-9]{14,}", "secret.payments"),
        token("flutterwave.key", r"FLWSECK(_TEST)?-[A-Za-z0-9]{12,}(-X)?", "secret.payments"),
        token("paystack.key", r"sk_(live|test)_[0-9a-f]{40}", "secret.payments"),
        token("easypost.key", r"EZ[AT]K[A-Za-z0-9]{54}", "secret.payments"),
        token("shippo.token", r"shippo_(live|test)_[0-9a-f]{40}", "secret.payments"),
    ),
    "keys of Stripe, Square, Braintree, Plaid and other payment services",
)
