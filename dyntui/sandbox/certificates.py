"""TLS for the listeners: an own authority, made with trustme because it does just that and nothing else."""

import ssl
from pathlib import Path

import trustme


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)


def server_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for localhost and the file of the authority that vouches for it, kept in `folder`.

    A folder which holds an authority already is used again, so that clients which trust a stored sandbox go on
    trusting it. The authority's key and its certificate are readable by their owner only.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if certificate.exists() and key.exists():
        authority = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    else:
        authority = trustme.CA(organization_name="dyntui sandbox")
        _write_private(key, authority.private_key_pem.bytes())
        _write_private(certificate, authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context, certificate
