import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.errors import Unreachable, UrlRefused
from storage.sockets import tls_context
from tests.storage.hostile import OK, answer, ends_in_time, fetch, keep_sending, redirect, serving


class Authority:
    """A certificate authority of a test."""

    def __init__(self, folder):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, name: str, *, days: int = 1) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(name)]), days=days)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = self.folder / "server.pem"
        file.write_bytes(key.private_bytes(*pem) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, subject, key, extension, *, days=1):
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=10)).not_valid_after(now + timedelta(days=days))
        return builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path, monkeypatch, names):
    """An authority that the client trusts, and the name `images.example` on loopback."""
    made = Authority(tmp_path)
    names["images.example"] = names["other.example"] = [["127.0.0.1"]]
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    tls_context.cache_clear()
    yield made
    tls_context.cache_clear()


def test_tls_is_checked_against_the_name_in_the_url(authority):
    asked = []
    context = authority.server_context("images.example")
    context.sni_callback = lambda _, name, __: asked.append(name)
    with serving(answer(b"secure"), tls=context) as server:
        response = fetch(server.url("images.example", scheme="https"))
        assert (response.body, response.address, asked) == (b"secure", "127.0.0.1", ["images.example"])
        assert f"host: images.example:{server.port}".encode() in server.heads[0]
        with pytest.raises(Unreachable):
            fetch(server.url("other.example", scheme="https"))
        with pytest.raises(Unreachable):
            fetch(server.url("127.0.0.1", scheme="https"))
        assert len(server.heads) == 1


def test_an_expired_certificate_is_refused(authority):
    with serving(answer(b"x"), tls=authority.server_context("images.example", days=-1)) as server:
        with pytest.raises(Unreachable):
            fetch(server.url("images.example", scheme="https"))
        assert server.heads == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority, tmp_path_factory):
    stranger = Authority(tmp_path_factory.mktemp("stranger"))
    with serving(answer(b"x"), tls=stranger.server_context("images.example")) as server:
        with pytest.raises(Unreachable):
            fetch(server.url("images.example", scheme="https"))
        assert server.heads == []


def test_a_redirect_from_https_to_http_is_refused(authority, canary):
    context = authority.server_context("images.example")
    with (
        serving(redirect(canary.url()), tls=context) as server,
        pytest.raises(UrlRefused, match="from https to http"),
    ):
        fetch(server.url("images.example", scheme="https"))
    assert canary.accepted == 0


def test_a_tls_body_that_drips_is_left_in_time(authority):
    drip = keep_sending(b"x", head=OK + b"content-length: 1000\r\n\r\n", every_seconds=0.05)
    with (
        serving(drip, tls=authority.server_context("images.example")) as server,
        ends_in_time(),
        pytest.raises(Unreachable),
    ):
        fetch(server.url("images.example", scheme="https"))
