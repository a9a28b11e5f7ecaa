"""Infrastructure: tokens of Vault, Terraform, Databricks, DigitalOcean, Heroku, Cloudflare and their like."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_infrastructure",
    (
        token("vault.token", r"hv[sbr]\.[A-Za-z0-9_-]{24,}", "secret.vault"),
        token("terraform.token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}", "secret.terraform"),
        token("doppler.token", r"dp\.(pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}", "secret.doppler"),
        token("pulumi.token", r"pul-[0-9a-f]{40}", "secret.pulumi"),
        token("onepassword.service", r"ops_eyJ[A-Za-z0-9+/_-]{100,}={0,2}", "secret.onepassword", longest=2048),
        token(
            "onepassword.key",
            r"A3-[A-Z0-9]{6}-([A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
            "secret.onepassword",
            beside=Beside.WORD,
        ),
        token("databricks.token", r"(dapi|dkea|dose|dsapi)[0-9a-f]{32}(-[0-9])?", "secret.databricks"),
        token("digitalocean.token", r"do[opr]_v1_[0-9a-f]{64}", "secret.digitalocean"),
        token("heroku.key", r"HRKU-[A-Za-z0-9_-]{36,}", "secret.heroku"),
        token("cloudflare.origin_ca", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}", "secret.cloudflare"),
        token("cloudflare.token", r"cf[ua]t_[A-Za-z0-9]{40,}", "secret.cloudflare"),
        token("fly.token", r"(fm[12][a-z]?_|fo1_)[A-Za-z0-9+/=,_-]{40,}", "secret.fly", longest=1024),
        token("netlify.token", r"nf[a-z]_[A-Za-z0-9]{36,}", "secret.netlify"),
        token(
            "vercel.token",
            r"(vercel_blob_rw|vc[pikr])_[A-Za-z0-9_]{24,}",
            "secret.vercel",
            beside=Beside.WORD,
            random=True,
        ),
        token("supabase.token", r"(sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,})", "secret.supabase"),
        token("planetscale.token", r"pscale_(tkn|pw|oauth|api)_[A-Za-z0-9_=.-]{32,}", "secret.planetscale"),
        token(
            "dropbox.token",
            r"sl\.(u\.)?[A-Za-z0-9_-]{60,}",
            "secret.dropbox",
            beside=Beside.WORD,
            longest=2048,
            random=True,
        ),
        token("tailscale.key", r"tskey-[a-z]{2,12}-[A-Za-z0-9]{8,}(-[A-Za-z0-9]{16,})?", "secret.tailscale"),
        token("age.key", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", "secret.age"),
        token("buildkite.token", r"bkua_[0-9a-f]{40}", "secret.buildkite"),
        token("circleci.token", r"CCIP(AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}", "secret.circleci"),
        token("prefect.key", r"pn[ub]_[A-Za-z0-9]{36}", "secret.prefect"),
        token(
            "launchdarkly.key",
            r"(sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "secret.launchdarkly",
            beside=Beside.WORD,
        ),
    ),
    "tokens of Vault, Terraform, Doppler, Databricks, DigitalOcean, Heroku, Cloudflare, Fly, Supabase and their like",
)
