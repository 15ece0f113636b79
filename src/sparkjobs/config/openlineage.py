"""Where a run tells other tools of its lineage, in events of OpenLineage."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator

from sparkjobs.config.model import Model

_ADDRESS = re.compile(r"https?://[^\s@]+")
_Namespace = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=255)]


class OpenLineage(Model):
    """Events go into a file, a line each, or to an HTTP endpoint."""

    namespace: _Namespace | None = None
    """Of the jobs; default: the name of the project."""
    file: str | None = None
    url: str | None = None
    endpoint: str = "api/v1/lineage"
    """The path at `url`."""
    token: str | None = None
    """Sent as a bearer token; a `${secret:…}`."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long to wait for an answer to one event; at the end of a run twice as long for all others."""

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and not _ADDRESS.fullmatch(url):
            raise ValueError("an address begins with http:// or https://, and holds no user or password")
        return url

    @field_validator("token")
    @classmethod
    def _secret(cls, token: str | None) -> str | None:
        if token is not None and not (token.startswith("${secret:") and token.endswith("}")):
            raise ValueError("a token is a secret: `${secret:env:NAME}` or `${secret:file:/path}`")
        return token

    @model_validator(mode="after")
    def _one(self) -> "OpenLineage":
        if (self.file is None) == (self.url is None):
            raise ValueError("events go either into a `file` or to a `url`")
        if self.token and self.url is None:
            raise ValueError("a `token` goes with a `url`")
        return self


class OpenLineageOverlay(Model):
    """What an overlay may say of it."""

    namespace: str | None = None
    file: str | None = None
    url: str | None = None
    endpoint: str | None = None
    token: str | None = None
    timeout_s: float | None = None
