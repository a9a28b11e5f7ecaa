"""The REST API under `/api`, described by `/api/openapi.json` and docs/reference/api.md."""
