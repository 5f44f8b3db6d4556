"""An extra certificate authority of a connection."""

from __future__ import annotations

from storetwin.kernel.errors import ConfigurationError


def check_ca(ca: str | None, *, is_tls_insecure: bool) -> str | None:
    """Return the certificate's text if TLS can use it.

    Raises:
        ConfigurationError: it is no certificate, or certificates are not checked at all.
    """
    if ca is None:
        return None
    from cryptography import x509  # few stores have an authority of their own

    if is_tls_insecure:
        raise ConfigurationError(
            "A certificate authority is of no use when certificates are not checked.",
            remedy="Give either --ca or --insecure-tls.",
        )
    try:
        x509.load_pem_x509_certificates(ca.encode())
    except ValueError as error:
        raise ConfigurationError(
            "The certificate authority is not a certificate in PEM.",
            remedy="Give a file that has a line -----BEGIN CERTIFICATE-----.",
        ) from error
    return ca
