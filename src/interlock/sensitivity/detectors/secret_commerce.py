"""Commerce: Shopify, and the mail and support services that shops use."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_commerce",
    (
        token("shopify.token", r"shp(at|ca|pa|ss)_[0-9a-fA-F]{32}", "secret.shopify"),
        token(
            "hubspot.token",
            r"pat-(na|eu|ap)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "secret.hubspot",
        ),
        token("mailchimp.key", r"[0-9a-f]{32}-us[0-9]{1,2}", "secret.mailchimp", beside=Beside.WORD),
        token("typeform.token", r"tfp_[A-Za-z0-9_=.-]{40,}", "secret.commerce"),
        token("contentful.token", r"CFPAT-[A-Za-z0-9_-]{43}", "secret.commerce"),
    ),
    "tokens of Shopify, HubSpot, Intercom and other services for shops",
)
