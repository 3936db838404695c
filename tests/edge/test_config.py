"""The settings file: strict, and everything that is wrong is named at once. The guide's own file is the good one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.edge.config import EdgeConfig, read_config
from ledger.errors import ConfigurationError

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "gateway.md"


def guide_file() -> str:
    found = re.search(r"^```toml\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def write(folder: Path, text: str) -> Path:
    for name, content in (("tower.login", "a key of the house\n"), ("tower.cipher", "00112233445566778899aabbccddeeff\n")):
        (folder / name).write_text(content, encoding="ascii")
        (folder / name).chmod(0o600)
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as refused:
        read_config(write(folder, text))
    found = refused.value.facts["problems"]
    assert isinstance(found, tuple)
    return found


def test_the_file_of_the_guide_is_read_whole(tmp_path: Path) -> None:
    config: EdgeConfig = read_config(write(tmp_path, guide_file()))
    assert (config.institution, config.site, config.device) == ("bank-a", "hq", "gw-hq")
    assert config.key == tmp_path / "device.pem"
    assert (config.limits.days, config.limits.bytes, config.limits.keep_days) == (30, 1 << 30, 30)
    assert (config.url, config.broker) == ("https://ledger.example", None)
    line = config.lines[0]
    assert [(meter.meter, meter.identifier) for meter in line.meters] == [
        ("em-hq", "00010000"), ("em-hq-export", "00020000"), ("pv-roof", "00010000"),
    ]  # fmt: skip
    collector = config.collectors[0]
    assert (collector.host, collector.port) == ("192.168.1.2", 7201)
    assert collector.keys[0].cipher is not None
    assert collector.keys[0].cipher.initial == collector.keys[0].cipher.key
    assert list(collector.meters.values()) == [("em-lift", "el.import")]
    assert list(config.folders[0].meters) == ["em-annex"]


def test_a_broker_instead_of_a_server(tmp_path: Path) -> None:
    text = re.sub(
        r"\[server\].*?\n\n",
        '[broker]\nurl = "mqtts://broker:8883"\nca = "a"\ncertificate = "b"\nkey = "c"\n\n',
        guide_file(),
        flags=re.DOTALL,
    )
    broker = read_config(write(tmp_path, text)).broker
    assert broker is not None
    assert (broker.host, broker.port, broker.tls, broker.certificate) == ("broker", 8883, True, tmp_path / "b")


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = """
    surprise = 1
    [device]
    institution = "bank a"
    site = 5
    key = "device.pem"
    [queue]
    days = 0
    bytez = 1
    [clock]
    source = "sundial"
    [server]
    url = "http://ledger.example"
    token_file = "t"
    [[dlt645]]
    name = "x"
    line = "udp://a:1"
    meters = [
      {address = "1", meter = "em", quantity = "pv.generation"},
      {address = "000000000001", meter = "b", quantity = "gas.volume", more = 1},
    ]
    [[collector]]
    name = "x"
    listen = "nowhere"
    [[collector.gateways]]
    building = "b"
    gateway = "g"
    login_key_file = "no-such-file"
    cipher_key_file = "tower.login"
    meters = []
    [[folder]]
    name = "f"
    path = "inbox"
    meters = [{meter = "m", quantity = "el.import"}, {meter = "m"}]
    """
    found = problems_of(tmp_path, text)
    places = [problem.split(":")[0].split(" is ")[0] for problem in found]
    assert places == [
        "device.institution", "device.site", "device.id", "queue.days", "clock.source", "server.url",
        "dlt645[0].line", "dlt645[0].meters[0].di", "dlt645[0].meters[0].address",
        "dlt645[0].meters[1].quantity", "dlt645[0].meters[1].di", "dlt645[0].meters[1].more",
        "collector[0].listen", "collector[0].gateways[0].login_key_file", "collector[0].gateways[0].cipher_key_file",
        "collector[0].gateways[0].meters", "folder[0].meters[1].quantity", "two sources are called x", "queue.bytez", "surprise",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("[server]", "[broker]\nurl = \"mqtts://b\"\n[server]"), "either [server] or [broker]"),
        (('"https://ledger.example"', '"https://user@ledger.example"'), "server.url"),
        (('meter = "em-hq-export", quantity = "el.export"', 'meter = "em-hq", quantity = "el.import"'), "each meter once"),
        (('[device]', '[[device]]'), "device is no table"),
        (("every_minutes = 15", "every_minutes = true"), "dlt645[0].every_minutes"),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    text = guide_file()
    assert change[0] in text
    assert expected in "; ".join(problems_of(tmp_path, text.replace(*change)))


@pytest.mark.parametrize("url", ["mqtt://broker.example", "http://b", "mqtts://", "mqtts://b:x", "mqtts://u:p@b", "mqtts://b/path"])
def test_a_broker_without_tls_beyond_this_machine_is_refused(tmp_path: Path, url: str) -> None:
    text = re.sub(r"\[server\].*?\n\n", f'[broker]\nurl = "{url}"\n\n', guide_file(), flags=re.DOTALL)
    assert any(problem.startswith("broker:") for problem in problems_of(tmp_path, text))


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, guide_file())
    (tmp_path / "tower.login").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_config(path)


def test_what_is_no_toml_is_said(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    for data in (b"[device", b"\xff\xfe"):
        path.write_bytes(data)
        with pytest.raises(ConfigurationError, match="is no TOML"):
            read_config(path)


def test_a_token_is_one_line_of_its_file(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, guide_file()))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        config.read_token()
    (tmp_path / "meter.token").write_text("abc.def\n", encoding="ascii")
    assert config.read_token() == "abc.def"
    (tmp_path / "meter.token").write_text("two\nlines\n", encoding="ascii")
    with pytest.raises(ConfigurationError, match="holds no token"):
        config.read_token()
