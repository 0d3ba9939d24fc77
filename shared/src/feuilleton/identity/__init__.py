"""Who calls, and for whom: principals, API keys, tokens of an OIDC provider. Knows no HTTP of ours."""
