from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import EMPTY_ROOT
from audit.note import (
    MAX_TIMESTAMP,
    Checkpoint,
    Cosigner,
    Note,
    NoteError,
    Signature,
    SignatureType,
    Signer,
    VerifierKey,
    open_checkpoint,
    parse_note,
    parse_signatures,
    sign_checkpoint,
    sign_note,
    verify_note,
)


def private_key(number):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


ORIGIN = "broker.example/log"
LOG = Signer(ORIGIN, private_key(1))
IMPOSTOR = Signer(ORIGIN, private_key(2))
WITNESS = Cosigner("witness.example/w1", private_key(3))
ROOT = sha256(b"a root").digest()
HEAD = Checkpoint(ORIGIN, 20_852_163, ROOT)
NOW = 1_679_315_147

# The published example key and note of the Go note package, on which signed-note is based.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501
).encode()


# --- keys ---


def test_a_published_note_verifies_under_its_published_key():
    key = VerifierKey.parse(PUBLISHED_KEY)
    assert str(key) == PUBLISHED_KEY
    assert [each.key for each in verify_note(parse_note(PUBLISHED_NOTE), [key])] == [key]


@pytest.mark.parametrize("key", [LOG.verifier, WITNESS.verifier])
def test_a_verifier_key_is_read_back(key):
    assert VerifierKey.parse(str(key)) == key
    material = bytes([key.type]) + key.public_key
    assert key.key_id == sha256(key.name.encode() + b"\n" + material).digest()[:4]


def test_the_type_of_signature_is_part_of_the_key():
    plain = LOG.verifier
    cosigning = replace(plain, type=SignatureType.COSIGNATURE)
    assert plain.key_id != cosigning.key_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+zzzzzzzz+AAAA",
        PUBLISHED_KEY.replace("c74f20a3", "c74f20a4"),
        PUBLISHED_KEY.replace("c74f20a3", "C74F20A3"),
        PUBLISHED_KEY.replace("Peter", "Petra"),
        PUBLISHED_KEY.replace("Peter", "Peter "),
        PUBLISHED_KEY[:-4],
        PUBLISHED_KEY + "\n",
        PUBLISHED_KEY.replace("+ARpc", "+Ahpc"),
        PUBLISHED_KEY.partition("+")[0] + "+c74f20a3+",
    ],
)
def test_a_malformed_verifier_key_is_refused(text):
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\x01b", "\ud800"]
)
def test_a_key_name_has_no_spaces_or_plus(name):
    with pytest.raises(NoteError, match="name"):
        VerifierKey(name, bytes(32))


def test_a_private_key_does_not_show_in_its_signer():
    assert "private" not in repr(LOG)
    assert "private" not in repr(WITNESS)


# --- notes ---

texts = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)) | st.just("\n")).map(
    lambda text: text + "\n"
)


@given(texts)
def test_a_signed_note_is_read_back_byte_for_byte(text):
    note = sign_note(text, LOG)
    again = parse_note(bytes(note))
    assert again == note
    assert verify_note(again, [LOG.verifier])[0].timestamp is None


@given(texts, st.data())
def test_a_changed_note_is_refused(text, data):
    published = bytes(sign_note(text, LOG))
    at = data.draw(st.integers(0, len(published) - 1))
    flipped = published[at] ^ 1 << data.draw(st.integers(0, 7))
    changed = published[:at] + bytes([flipped]) + published[at + 1 :]
    with pytest.raises(NoteError):
        verify_note(parse_note(changed), [LOG.verifier])


def test_a_text_may_hold_empty_lines():
    note = parse_note(bytes(sign_note("one\n\n\ntwo\n\n", LOG)))
    assert note.text == "one\n\n\ntwo\n\n"


@pytest.mark.parametrize(
    "text", ["", "no newline", "a\rb\n", "a\r\n", "tab\t\n", "\0\n", "\x1f\n", "\ud800\n"]
)
def test_a_text_that_no_note_could_carry_is_not_signed(text):
    with pytest.raises(NoteError):
        sign_note(text, LOG)


GOOD = bytes(sign_note("text\n", LOG))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no empty line"),
        (b"text\n", "no empty line"),
        (b"text\n\n", "does not end in a newline"),
        (GOOD[:-1], "does not end in a newline"),
        (GOOD + b"\n", "does not end in a newline"),
        (GOOD + b"more\n", "line 2 does not begin"),
        (GOOD.replace("—".encode(), b"-"), "does not begin with an em dash"),
        (GOOD.replace("— ".encode(), "—".encode()), "does not begin with an em dash"),
        (GOOD.replace(b"\n", b"\r\n"), "control character 0x0d"),
        (GOOD.replace(b"text", b"te\0t"), "control character 0x00"),
        (GOOD.replace(b"text", b"te\xfft"), "not UTF-8 at byte 2"),
        (GOOD.replace(b"log ", b"log  "), "not base64"),
        (GOOD.replace(b"log ", b"log"), "not a key name|is too short|not base64"),
        (GOOD[:-1] + b" \n", "not base64"),
        ("text\n\n— name AAAA\n".encode(), "too short"),
        ("text\n\n— name AAAAAA==\n".encode(), "too short"),
        ("text\n\n— name AAAAAAB=\n".encode(), "one canonical spelling"),
        (b"x" * 1_000_001, "over the limit"),
        (b"text\n\n" + 101 * GOOD.partition(b"\n\n")[2], "1 to 100 signatures"),
    ],
)
def test_a_malformed_note_is_refused(data, reason):
    with pytest.raises(NoteError, match=reason):
        parse_note(data)


@given(st.binary(max_size=60) | st.tuples(st.binary(), st.just(GOOD)).map(b"".join))
def test_what_is_accepted_is_what_would_be_written(data):
    try:
        note = parse_note(data)
    except NoteError:
        note = None
    assert note is None or bytes(note) == data


def test_unknown_signatures_are_kept_and_ignored():
    unknown = Signature("future.example", b"\x01\x02\x03\x04", b"some other kind of signature")
    note = sign_note("text\n", LOG).signed_also_by(unknown)
    again = parse_note(bytes(note))
    assert again.signatures[1] == unknown
    assert [each.key for each in verify_note(again, [LOG.verifier])] == [LOG.verifier]


def test_another_key_under_a_trusted_name_is_not_trusted():
    note = sign_note("text\n", IMPOSTOR)
    with pytest.raises(NoteError, match="no trusted key") as caught:
        verify_note(note, [LOG.verifier])
    assert IMPOSTOR.verifier.key_id.hex() in str(caught.value)
    both = note.signed_also_by(LOG.sign("text\n"))
    assert [each.key for each in verify_note(both, [LOG.verifier])] == [LOG.verifier]


def test_a_forged_signature_of_a_trusted_key_condemns_the_note():
    forged = replace(IMPOSTOR.sign("text\n"), key_id=LOG.verifier.key_id)
    for note in (Note("text\n", (forged,)), sign_note("text\n", LOG).signed_also_by(forged)):
        with pytest.raises(NoteError, match="not genuine"):
            verify_note(note, [LOG.verifier])


@pytest.mark.parametrize("length", [1, 63, 65])
def test_a_signature_of_the_wrong_length_is_not_genuine(length):
    short = Signature(ORIGIN, LOG.verifier.key_id, bytes(length))
    with pytest.raises(NoteError, match="not genuine"):
        LOG.verifier.verify("text\n", short)


def test_a_key_does_not_answer_for_another_keys_signature():
    with pytest.raises(NoteError, match="not by the key"):
        LOG.verifier.verify("text\n", IMPOSTOR.sign("text\n"))


def test_adding_a_signature_twice_keeps_it_once():
    note = sign_note("text\n", LOG)
    assert note.signed_also_by(*note.signatures) == note


# --- checkpoints ---


def test_checkpoint_text():
    assert HEAD.text == f"{ORIGIN}\n20852163\n{b64encode(ROOT).decode()}\n"
    assert Checkpoint.parse(HEAD.text) == HEAD
    assert Checkpoint.parse(Checkpoint("o", 0, EMPTY_ROOT).text).size == 0


B64 = b64encode(ROOT).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "three lines"),
        (f"{ORIGIN}\n5\n{B64}", "three lines"),
        (f"{ORIGIN}\n5\n", "three lines"),
        (f"{ORIGIN}\n5\n{B64}\nextension\n", "1 extension lines"),
        (f"{ORIGIN}\n5\n{B64}\n\n", "1 extension lines"),
        (f"\n5\n{B64}\n", "origin"),
        (f"{ORIGIN}\n05\n{B64}\n", "decimal"),
        (f"{ORIGIN}\n+5\n{B64}\n", "decimal"),
        (f"{ORIGIN}\n-5\n{B64}\n", "decimal"),
        (f"{ORIGIN}\n5 \n{B64}\n", "decimal"),
        (f"{ORIGIN}\n٥\n{B64}\n", "decimal"),
        (f"{ORIGIN}\n{2**63}\n{B64}\n", "cannot have"),
        (f"{ORIGIN}\n{10**30}\n{B64}\n", "decimal"),
        (f"{ORIGIN}\n5\n{B64[:-4]}\n", "root hash has 32 bytes"),
        (f"{ORIGIN}\n5\n{B64[:-1]}\n", "not base64"),
        (f"{ORIGIN}\n5\n{B64} \n", "not base64"),
        (f"{ORIGIN}\n0\n{B64}\n", "empty tree"),
        (f"a\tb\n5\n{B64}\n", "control character"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text, reason):
    with pytest.raises(NoteError, match=reason):
        Checkpoint.parse(text)


def test_a_signed_checkpoint_opens_under_the_logs_key():
    note = sign_checkpoint(HEAD, LOG)
    opened = open_checkpoint(bytes(note), LOG.verifier)
    assert (opened.checkpoint, opened.note, opened.cosigned_at) == (HEAD, note, {})


def test_a_log_signs_only_under_its_own_name():
    with pytest.raises(NoteError, match="does not sign for"):
        sign_checkpoint(replace(HEAD, origin="other.example"), LOG)


def test_a_checkpoint_of_another_origin_is_refused():
    stray = sign_note(replace(HEAD, origin="other.example").text, LOG)
    with pytest.raises(NoteError, match=r"of other\.example, not of"):
        open_checkpoint(bytes(stray), LOG.verifier)


# --- cosignatures ---


def cosigned(*timestamps):
    note = sign_checkpoint(HEAD, LOG)
    return bytes(note.signed_also_by(*(WITNESS.cosign(HEAD, each) for each in timestamps)))


def test_a_cosignature_tells_its_time():
    opened = open_checkpoint(cosigned(NOW), LOG.verifier, [WITNESS.verifier])
    assert opened.cosigned_at == {WITNESS.verifier: NOW}


def test_the_message_that_a_cosignature_signs():
    signature = WITNESS.cosign(HEAD, NOW)
    message = f"cosignature/v1\ntime {NOW}\n{HEAD.text}".encode()
    assert signature.value[:8] == NOW.to_bytes(8, "big")
    assert signature.value[8:] == private_key(3).sign(message)
    assert b64decode(signature.line.split()[2])[:4] == WITNESS.verifier.key_id


def test_a_witness_counts_once_with_its_latest_time():
    opened = open_checkpoint(cosigned(NOW, NOW + 5, NOW - 5), LOG.verifier, [WITNESS.verifier])
    assert opened.cosigned_at == {WITNESS.verifier: NOW + 5}


def test_an_unknown_witness_is_ignored():
    opened = open_checkpoint(cosigned(NOW), LOG.verifier)
    assert opened.cosigned_at == {}
    assert len(opened.note.signatures) == 2


def test_a_witness_cannot_stand_in_for_the_log():
    note = Note(HEAD.text, (WITNESS.cosign(HEAD, NOW),))
    with pytest.raises(NoteError, match="has not signed"):
        open_checkpoint(bytes(note), LOG.verifier, [WITNESS.verifier])


def test_a_cosignature_with_another_time_is_not_genuine():
    genuine = WITNESS.cosign(HEAD, NOW)
    backdated = replace(genuine, value=(NOW - 1).to_bytes(8, "big") + genuine.value[8:])
    note = sign_checkpoint(HEAD, LOG).signed_also_by(backdated)
    with pytest.raises(NoteError, match="not genuine"):
        open_checkpoint(bytes(note), LOG.verifier, [WITNESS.verifier])


def test_a_plain_signature_is_no_cosignature():
    plain = Signer(WITNESS.name, WITNESS.private_key).sign(HEAD.text)
    relabelled = replace(plain, key_id=WITNESS.verifier.key_id)
    with pytest.raises(NoteError, match=r"not genuine|cannot carry"):
        WITNESS.verifier.verify(HEAD.text, relabelled)


@pytest.mark.parametrize("timestamp", [-1, MAX_TIMESTAMP + 1])
def test_a_time_outside_the_format_is_refused(timestamp):
    with pytest.raises(NoteError, match="cannot carry the time"):
        WITNESS.cosign(HEAD, timestamp)
    if timestamp > 0:
        value = timestamp.to_bytes(8, "big") + bytes(64)
        late = Signature(WITNESS.name, WITNESS.verifier.key_id, value)
        with pytest.raises(NoteError, match="cannot carry the time"):
            WITNESS.verifier.verify(HEAD.text, late)


def test_keys_are_used_only_for_their_type():
    published = cosigned(NOW)
    with pytest.raises(NoteError, match="not a log's"):
        open_checkpoint(published, WITNESS.verifier)
    with pytest.raises(NoteError, match="type 0x04"):
        open_checkpoint(published, LOG.verifier, [IMPOSTOR.verifier])


def test_signature_lines_alone_are_read_as_a_witness_returns_them():
    signature = WITNESS.cosign(HEAD, NOW)
    assert parse_signatures(signature.line.encode()) == (signature,)
    with pytest.raises(NoteError, match="does not end in a newline"):
        parse_signatures(signature.line[:-1].encode())
