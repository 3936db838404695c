"""Signed notes against published ones: the Go module's, sum.golang.org's, a CT log's with its witnesses, and the examples of C2SP."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument, SignatureRefused
from ledger.records.checkpoint import Checkpoint, read_checkpoint_text
from ledger.records.signed_note import (
    COSIGNATURE,
    ED25519,
    NoteKey,
    Signature,
    cosign_text,
    read_note,
    read_signatures,
    read_vkey,
    sign_text,
    verify_note,
)

# golang.org/x/mod/sumdb/note, note_test.go: keys, text and signatures.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
NOTE = f"{TEXT}\n{PETER_LINE}"

# The checksum database of Go, at 6,476,701 records.
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB = """go.sum database tree
6476701
mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=

— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
"""

# A certificate transparency log of the staging environment, signed by two of its keys and cosigned by four witnesses on 2026-05-23.
CT_LOG_KEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
CT_WITNESS_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
CT = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501

# c2sp.org/signed-note and c2sp.org/tlog-cosignature: the examples.
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
WITNESS = NoteKey("witness.example/w", COSIGNATURE, KEY.public_key().public_bytes_raw())


def test_signing_gives_the_published_note_byte_for_byte() -> None:
    key = Ed25519PrivateKey.from_private_bytes(PETER_SEED)
    assert f"{TEXT}\n{sign_text(TEXT, 'PeterNeumann', key).line}" == NOTE
    assert NoteKey("PeterNeumann", ED25519, key.public_key().public_bytes_raw()).vkey == PETER


def test_known_signatures_are_verified_and_others_passed_over() -> None:
    both = read_note(NOTE + ENOCH_LINE)
    assert both.text == TEXT
    assert [signed.key.name for signed in verify_note(both, [read_vkey(PETER)])] == ["PeterNeumann"]
    assert [signed.key.name for signed in verify_note(both, [read_vkey(ENOCH), read_vkey(PETER)])] == ["PeterNeumann", "EnochRoot"]
    with pytest.raises(SignatureRefused, match="no signature of the key"):
        verify_note(both, [])


def test_the_checksum_database_of_go_is_read() -> None:
    note = read_note(SUMDB)
    assert verify_note(note, [read_vkey(SUMDB_KEY)])[0].time is None
    checkpoint = read_checkpoint_text(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 6476701)
    assert checkpoint.text() == note.text


def test_a_real_log_with_a_real_cosignature_holds_and_changed_by_a_byte_it_does_not() -> None:
    keys = [read_vkey(CT_LOG_KEY), read_vkey(CT_WITNESS_KEY)]
    log, witness = verify_note(read_note(CT), keys)
    assert (log.key.name, log.time) == ("arche2025h1.staging.ct.transparency.dev", None)
    assert (witness.key.kind, witness.time) == (COSIGNATURE, 0x6A122120)
    for key in keys:
        with pytest.raises(SignatureRefused, match="is wrong"):
            verify_note(read_note(CT.replace("\n1432088532\n", "\n1432088533\n")), [key])
    # The time is signed: another second is another statement.
    later = Signature(witness.signature.name, witness.signature.key_id, (0x6A122121).to_bytes(8, "big") + witness.signature.value[8:])
    with pytest.raises(SignatureRefused):
        verify_note(read_note(CT.replace(witness.signature.line, later.line)), keys)


def test_one_wrong_line_of_a_known_key_makes_the_whole_note_worthless() -> None:
    wrong = Signature("PeterNeumann", read_vkey(PETER).key_id, b"\x01" * 64).line
    with pytest.raises(SignatureRefused, match="is wrong"):
        verify_note(read_note(NOTE + wrong), [read_vkey(PETER)])
    with pytest.raises(SignatureRefused, match="is wrong"):  # the Go module's own case: bytes in the middle
        verify_note(read_note(f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}"), [read_vkey(PETER)])
    # The same name with another key id is somebody else.
    stranger = Signature("PeterNeumann", b"\0\0\0\0", b"\x01" * 64).line
    assert len(verify_note(read_note(NOTE + stranger), [read_vkey(PETER)])) == 1


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = read_note(POEM)
    assert note.text.split("\n") == [
        *("Ognuno sta solo sul cuor della terra", "trafitto da un raggio di sole:", "", "ed è subito sera.", ""),
    ]
    assert note.signatures[0].name == "quasimodo.example/salvatore"


def test_the_example_of_a_cosignature_speaks_of_its_second() -> None:
    log, witness = read_note(SOFA).signatures
    assert (len(log.value), len(witness.value)) == (64, 72)
    assert int.from_bytes(witness.value[:8], "big") == 1679315147


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(TEXT, id="no signatures"),
        pytest.param(TEXT + "\n", id="an empty line and nothing"),
        pytest.param(NOTE[:-1], id="no last newline"),
        pytest.param("\x01" + NOTE, id="a control character"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param("\udcff" + NOTE, id="no UTF-8"),
        pytest.param(NOTE.replace("— PeterNeumann", "— Bad Name"), id="a name with a space"),
        pytest.param(NOTE.replace("— PeterNeumann", "— Bad\u2003Name"), id="a name with another space"),
        pytest.param(NOTE.replace("— PeterNeumann", "— Peter+Neumann"), id="a name with a plus"),
        pytest.param(NOTE.replace("— PeterNeumann", "— "), id="no name"),
        pytest.param(NOTE.replace("— ", "- "), id="another dash"),
        pytest.param(NOTE + "Unexpected line.\n", id="a line of another kind"),
        pytest.param(NOTE.replace("nAM=", "nAN="), id="base64 that is not canonical"),
        pytest.param(NOTE.replace("nAM=", "nAM"), id="base64 without its end"),
        pytest.param(f"{TEXT}\n— PeterNeumann x08gow==\n", id="a key id and nothing"),
        pytest.param(NOTE + PETER_LINE * 32, id="33 signatures"),
        pytest.param("x" * 65_000 + "è" * 300 + "\n\n" + PETER_LINE, id="more than 64 KiB in bytes, less in characters"),
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(MalformedDocument):
        read_note(note)


def test_thirty_two_signatures_are_read() -> None:
    assert len(verify_note(read_note(TEXT + "\n" + PETER_LINE * 32), [read_vkey(PETER)])) == 32


@pytest.mark.parametrize(
    "vkey",
    [
        *(PETER[low:high] for low, high in ((0, -1), (1, None), (0, 20), (13, None))),
        *(PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "bananas.sigstore.dev+12344556",
        "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
        "rekor.sigstore.dev+12345678+AwEB",
        "",
    ],
)
def test_a_mangled_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(MalformedDocument):
        read_vkey(vkey)


@pytest.mark.parametrize(
    "vkey", [PETER, ENOCH, SUMDB_KEY, CT_LOG_KEY, CT_WITNESS_KEY, "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"]
)
def test_published_vkeys_come_back_as_they_were(vkey: str) -> None:
    assert read_vkey(vkey).vkey == vkey


def test_a_note_s_key_is_not_a_witness_s_key_though_the_bytes_are_the_same() -> None:
    text = "o\n1\n" + base64.b64encode(bytes(32)).decode() + "\n"
    note = read_note(f"{text}\n{cosign_text(text, WITNESS.name, KEY, 9).line}")
    assert verify_note(note, [WITNESS])[0].time == 9
    with pytest.raises(SignatureRefused):
        verify_note(note, [NoteKey(WITNESS.name, ED25519, WITNESS.public_key)])


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=60), st.integers(0, 2**63 - 1))
def test_what_is_cosigned_verifies_and_only_at_its_time(words: str, time: int) -> None:
    text = f"{words}\n"
    line = cosign_text(text, WITNESS.name, KEY, time)
    note = read_note(f"{text}\n{line.line}")
    assert (note.text, verify_note(note, [WITNESS])[0].time) == (text, time)
    other = Signature(line.name, line.key_id, (time ^ 1).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(SignatureRefused):
        verify_note(read_note(f"{text}\n{other.line}"), [WITNESS])


def test_a_time_beyond_63_bits_is_refused() -> None:
    line = cosign_text(TEXT, WITNESS.name, KEY, 2**63)
    with pytest.raises(SignatureRefused):
        verify_note(read_note(f"{TEXT}\n{line.line}"), [WITNESS])


@given(st.text(max_size=200) | st.text(alphabet="— \n+aA=/", max_size=80))
def test_any_text_is_read_or_refused_and_what_is_read_is_written_the_same(text: str) -> None:
    for candidate in (text, f"{TEXT}\n{text}", f"{text}\n\n{PETER_LINE}"):
        try:
            note = read_note(candidate)
        except MalformedDocument:
            continue
        assert note.text + "\n" + "".join(signature.line for signature in note.signatures) == candidate
        assert read_signatures("".join(signature.line for signature in note.signatures)) == note.signatures


@given(st.data())
def test_no_changed_character_leaves_a_believed_note(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    character = data.draw(st.characters().filter(lambda one: one != NOTE[at]))
    with pytest.raises((MalformedDocument, SignatureRefused)):
        verify_note(read_note(NOTE[:at] + character + NOTE[at + 1 :]), [read_vkey(PETER)])


@given(
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(alphabet="abc ", min_size=1, max_size=5), max_size=3).map(tuple),
)
def test_a_checkpoint_comes_back_from_its_text(origin: str, size: int, root: bytes, extensions: tuple[str, ...]) -> None:
    checkpoint = Checkpoint(origin, size, root, extensions)
    assert read_checkpoint_text(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        *("", "o\n", "o\n1\n", "\n1\nAAAA\n", "o\n1\nAAAA\n", "o\n1\n" + "A" * 43 + "=", "o\n1\n" + "A" * 43 + "=\n\n"),
        *(f"o\n{size}\n{'A' * 43}=\n" for size in ("01", "+1", "-1", "1 ", "", "x", "1_0", "٣", str(2**63), "9" * 30)),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        read_checkpoint_text(text)
