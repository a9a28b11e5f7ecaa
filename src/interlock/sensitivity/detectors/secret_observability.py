"""Observability: New Relic, Grafana, Sentry, Dynatrace. Datadog's keys have no form: see `secret_keyed`."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_observability",
    (
        token("newrelic.key", r"NR(AK|AL|II|JS|IQ|SP)-[A-Za-z0-9_-]{19,}", "secret.newrelic"),
        token("newrelic.licence", r"[0-9a-f]{36}NRAL", "secret.newrelic", beside=Beside.WORD),
        token("grafana.cloud", r"glc_[A-Za-z0-9+/]{32,}={0,2}", "secret.grafana", longest=512),
        token("grafana.service_account", r"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}", "secret.grafana"),
        token("grafana.legacy", r"eyJrIjoi[A-Za-z0-9]{60,}={0,2}", "secret.grafana", longest=512),
        token("sentry.token", r"sntry[su]_[A-Za-z0-9_=+/-]{40,}", "secret.sentry", longest=512),
        token("sentry.dsn", r"https?://[0-9a-f]{32}(:[0-9a-f]{32})?@[a-z0-9.-]{4,}/[0-9]{1,}", "secret.sentry"),
        token("dynatrace.token", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", "secret.dynatrace"),
        token("sonar.token", r"sq[pua]_[0-9a-f]{40}", "secret.sonar"),
        token("sumologic.key", r"su[A-Za-z0-9]{12}:[A-Za-z0-9]{64}", "secret.sumologic", beside=Beside.WORD),
    ),
    "keys of New Relic, Grafana, Sentry, Dynatrace and Sonar",
)
