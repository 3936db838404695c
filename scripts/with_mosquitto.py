"""Run a command with a private mosquitto beside it: `python -m scripts.with_mosquitto pytest -m mqtt`.

Starts Debian's broker on a free loopback port with TLS, client certificates and an ACL per device, all under a certificate authority made
on the spot; sets LINGTAN_TEST_MQTT for the command, and stops and deletes everything afterwards. Installs nothing. The configuration is
that of docs/guides/gateway.md.
"""

from __future__ import annotations

import ipaddress
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scripts.beside import run_beside

PROGRAMS = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")
LISTENER = "lingtan-listener"
START_SECONDS = 20.0
GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guides" / "gateway.md"


def find_missing() -> str | None:
    """Return what is missing on this machine, with the Debian package that brings it; None when all is there."""
    return None if _program() else "mosquitto is missing: install the Debian package mosquitto"


def _program() -> str | None:
    return next((path for path in PROGRAMS if Path(path).exists()), shutil.which("mosquitto"))


class Authority:
    """A certificate authority for tests, and the certificates it gives; files end in .crt and .key under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = made.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.file = folder / "authority.crt"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))
        self._identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())

    def issue(self, name: str, *, server: bool = False) -> tuple[Path, Path]:
        """Return the files of a certificate for `name` and of its key; a server's is for 127.0.0.1 and localhost."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(subject, key).add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(self._identifier, critical=False)
        if server:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        private.chmod(0o600)
        return certificate, private

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
        made = made.not_valid_after(now + timedelta(days=1))
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


class Broker:
    """A mosquitto in a folder of its own, configured as the guide says; it can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.port = _free_port()
        self.authority.issue("broker", server=True)
        (folder / "data").mkdir()
        names = {
            "/etc/mosquitto/lingtan/": f"{folder}/",
            "/var/lib/mosquitto/": f"{folder}/data/",
            "listener 8883": f"listener {self.port} 127.0.0.1",
        }
        settings = read_block("mosquitto.conf")
        for old, new in names.items():
            if old not in settings:
                raise ValueError(f"the guide's mosquitto.conf does not hold {old!r}")
            settings = settings.replace(old, new)
        # Root starts it here, and nobody but this machine's root reads the folder.
        (folder / "mosquitto.conf").write_text(settings + "user root\nlog_dest none\n", encoding="utf-8")
        (folder / "acl").write_text(read_block("acl"), encoding="utf-8")
        (folder / "acl").chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the URL of the broker."""
        return f"mqtts://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        program = _program()
        if program is None:
            raise FileNotFoundError("mosquitto is not installed")
        words = [program, "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.load_cert_chain(*map(str, (self.folder / "broker.crt", self.folder / "broker.key")))
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with (
                    socket.create_connection(("127.0.0.1", self.port), 1) as plain,
                    context.wrap_socket(plain, server_hostname="127.0.0.1"),
                ):
                    return
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    self.kill()
                    raise RuntimeError(f"mosquitto did not start: exit {self._process.poll()}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """End it as systemd does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)


def read_block(name: str) -> str:
    """Return the file that the guide shows under `# /etc/mosquitto/lingtan/<name>`."""
    text = GUIDE.read_text(encoding="utf-8")
    for block in text.split("```")[1::2]:
        lines = block.splitlines()
        if len(lines) > 1 and lines[1] == f"# /etc/mosquitto/lingtan/{name}":
            return "\n".join(lines[1:]) + "\n"
    raise ValueError(f"docs/guides/gateway.md shows no {name}")


@contextmanager
def broker() -> Iterator[Broker]:
    """Yield a running broker; it is stopped and deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lingtan-mosquitto-"))
    try:
        made = Broker(folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; 3 when mosquitto is not installed."""

    @contextmanager
    def service() -> Iterator[dict[str, str]]:
        with broker() as made:
            yield {"LINGTAN_TEST_MQTT": str(made.folder)}

    return run_beside(
        "with_mosquitto",
        __doc__,
        arguments,
        find_missing=find_missing,
        say_found=lambda: f"mosquitto can be started from {_program()}",
        service=service,
    )


if __name__ == "__main__":
    sys.exit(main())
