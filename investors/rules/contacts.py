"""Normal forms of phone numbers, e-mail addresses, customer numbers and names; masks."""

from __future__ import annotations

import re
import unicodedata

import idna
import phonenumbers

from investors.rules.refusals import Refused

DEFAULT_REGION = "CN"
MAX_NAME = 100

_SEPARATORS = str.maketrans(
    "", "", " -()./·\u00a0\u2010\u2011\u2012\u2013\u2014\u200b\u200e\u202a\u202c\ufeff"
)
_CN_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_SCIENTIFIC = re.compile(r"\+?([0-9])(?:\.([0-9]+))?[eE]\+?([0-9]{1,2})")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
_SIMPLE_EMAIL = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:{_LABEL}\.)+[a-z]{{2,63}}")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_FORMULA_START = ("=", "+", "-", "@", "\t")


def compatible(text: str) -> str:
    """`text` without surrounding blanks, full-width and other compatibility forms folded (NFKC)."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def refuse_controls(text: str) -> None:
    """Raise Refused for a control character, and for U+FFFD, the mark of a lost character."""
    if text.isprintable():
        if "\ufffd" in text:
            raise Refused("replacement_character")
        return
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Refused("control_character")


def normal_ref(text: str) -> str:
    """The firm's customer number in normal form; raises Refused."""
    ref = compatible(text)
    if _REF.fullmatch(ref):
        if ref.endswith(".0") and ref[:-2].isdigit():
            return ref[:-2]  # a spreadsheet's number, nothing lost
        return ref
    if not ref:
        raise Refused("ref_missing")
    refuse_controls(ref)
    if _SCIENTIFIC.fullmatch(ref):
        raise Refused("ref_scientific")
    if ref.startswith(_FORMULA_START):
        raise Refused("formula")
    raise Refused("ref_invalid")


def normal_name(text: str) -> str:
    """The name with single blanks, composed (NFC), otherwise as written; raises Refused.

    A name that begins like a spreadsheet formula is refused: it would run when somebody opens
    an export (CSV injection).
    """
    name = " ".join(text.split(" ")).strip()
    if name.startswith(_FORMULA_START):
        raise Refused("formula")
    refuse_controls(name)
    if len(name) > MAX_NAME:
        raise Refused("too_long", limit=MAX_NAME)
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def normal_phone(text: str) -> str:
    """E.164, for example +8613812345678; "" for an empty cell; raises Refused.

    Eleven digits from 13 to 19 are a mainland mobile number whether or not the library's table
    has that range already: operators open ranges faster than tables follow. Every other number
    must exist in its country's plan. Scientific notation is taken back only when no digit is lost.
    """
    phone = compatible(text).translate(_SEPARATORS) if text else ""
    if not phone:
        return ""
    if match := _CN_MOBILE.fullmatch(phone):
        return "+86" + match[1]
    refuse_controls(phone)
    if match := _SCIENTIFIC.fullmatch(compatible(text)):
        return normal_phone(_expanded(match))
    if phone.endswith("0") and re.fullmatch(r"[0-9]+\.0", compatible(text)):
        return normal_phone(compatible(text)[:-2])
    if phone.startswith("="):
        raise Refused("formula")
    if not phone.removeprefix("+").isdigit():
        raise Refused("phone_letters")
    return _by_the_plan(phone)


def _expanded(match: re.Match[str]) -> str:
    """The number behind scientific notation, if all its digits are there."""
    digits = match[1] + (match[2] or "")
    missing = int(match[3]) + 1 - len(digits)
    if missing > 0 or len(digits) < 8:
        raise Refused("phone_scientific", missing=max(missing, 0))
    if missing < 0:
        raise Refused("phone_unknown")
    return digits


def _by_the_plan(phone: str) -> str:
    """E.164 by the library's numbering plans."""
    digits = len(phone.removeprefix("+"))
    try:
        number = phonenumbers.parse(phone, DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        code = "phone_too_long" if digits > 15 else "phone_too_short"
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            code = "phone_unknown"
        raise Refused(code, digits=digits) from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    local_only = number.country_code == 86 and (number.national_number or 0) < 10**9
    if local_only or possible in (
        phonenumbers.ValidationResult.TOO_SHORT,
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    ):
        raise Refused("phone_too_short", digits=digits)
    if possible == phonenumbers.ValidationResult.TOO_LONG:
        raise Refused("phone_too_long", digits=digits)
    if not phonenumbers.is_valid_number(number):
        raise Refused("phone_unknown")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(text: str) -> str:
    """The address with its domain in lower case and in ASCII (IDNA 2008); "" for an empty cell.

    Raises Refused; a line break or another control character is header injection. The part
    before “@” keeps its case and must be an RFC 5322 dot-atom.
    """
    if _SIMPLE_EMAIL.fullmatch(text) and len(text) < 64:
        return text
    email = compatible(text)
    if not email:
        return ""
    if not email.isprintable():
        raise Refused("email_header_injection")
    refuse_controls(email)
    if email.startswith("="):
        raise Refused("formula")
    if email.count("@") != 1:
        raise Refused("email_two_ats" if "@" in email else "email_no_at")
    local, domain = email.split("@")
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise Refused("email_local")
    email = f"{local}@{_ascii_domain(domain)}"
    if len(email) > 254:
        raise Refused("email_too_long")
    return email


def _ascii_domain(domain: str) -> str:
    name = domain.lower().rstrip(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            raise Refused("email_domain") from None
    if not _DOMAIN.fullmatch(name):
        raise Refused("email_domain")
    return name


NORMAL_CONTACT = {"phone": normal_phone, "email": normal_email}


def index_text(kind: str, normal: str) -> str:
    """What a contact's blind index is taken of: e-mail addresses match whatever their case."""
    return normal.lower() if kind == "email" else normal


def mask_phone(number: str) -> str:
    """+8613812345678 → +86 138****5678: enough to recognise, too little to call."""
    if number.startswith("+86") and len(number) == 14:
        return f"+86 {number[3:6]}****{number[-4:]}"
    return f"{number[:4]}****{number[-3:]}"


def mask_email(address: str) -> str:
    """user42@example.com → u***2@example.com."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***{local[-1:] if len(local) > 3 else ''}@{domain}"


MASKS = {"phone": mask_phone, "email": mask_email}


def mask_name(name: str) -> str:
    """The first character of each word, the rest as stars."""
    words = name.split()
    return " ".join(word[0] + "*" * min(len(word) - 1, 3) for word in words)


def mask_ref(ref: str) -> str:
    """The last four characters of a customer number."""
    return "*" * max(len(ref) - 4, 2) + ref[-4:] if len(ref) > 4 else "*" * len(ref)
