"""What the description of the API says of keys."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.tokens.authentication.TokenAuthentication"
    name = ["tokenAuth", "bearerAuth", "keyAuth"]  # noqa: RUF012 - drf-spectacular's

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        said = "`Token` and the key, with a space between."
        return [
            {"type": "apiKey", "in": "header", "name": "Authorization", "description": said},
            {"type": "http", "scheme": "bearer"},
            {"type": "apiKey", "in": "header", "name": "xi-api-key"},
        ]
