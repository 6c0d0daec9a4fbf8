"""Access: tokens, the OpenID Connect issuer, and the signing keys of the installation."""
