"""Why a value is refused: one table of codes and of the words people read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    # the row as a whole
    "broken_bytes": _(
        "Byte %(offset)s of the file is not valid %(encoding)s; the character there is lost. "
        "Type the value again."
    ),
    "replacement_character": _(
        "The value holds “\ufffd”, which stands for a character that was lost before. "
        "Type the value again."
    ),
    "control_character": _("The value holds a control character or a line break."),
    "column_count": _("The row has %(found)s columns; the header has %(expected)s."),
    "bad_quoting": _("The quotation marks of this row do not match."),
    "row_too_long": _("The row is longer than %(limit)s characters or lines."),
    "formula": _("The value is a spreadsheet formula, not text."),
    "too_long": _("The value is longer than %(limit)s characters."),
    # the customer number
    "ref_missing": _("The customer number is missing."),
    "ref_invalid": _("“%(value)s” is not a customer number: letters, digits, “.”, “-”, “_”, “/”."),
    "ref_scientific": _(
        "A spreadsheet shortened the customer number to %(value)s. Format the column as text and "
        "export again."
    ),
    "repeated_differently": _(
        "This customer number already stands on line %(first)s with other content. "
        "The earlier row was used."
    ),
    "belongs_elsewhere": _("This customer number belongs to another business line."),
    "erased": _("This investor's personal data was erased and may not be imported again."),
    # the phone number
    "phone_scientific": _(
        "A spreadsheet shortened the phone number to %(value)s: %(missing)s digits are lost. "
        "Format the column as text and export again."
    ),
    "phone_letters": _("The phone number holds characters that are no digits."),
    "phone_too_short": _("The phone number has too few digits (%(digits)s)."),
    "phone_too_long": _("The phone number has too many digits (%(digits)s)."),
    "phone_unknown": _("No such phone number exists in its country's numbering plan."),
    # the e-mail address
    "email_header_injection": _(
        "The e-mail address holds a line break, which could add a header to a message."
    ),
    "email_two_ats": _("The e-mail address holds more than one “@”."),
    "email_no_at": _("The e-mail address holds no “@”."),
    "email_local": _("The part before “@” is not one that mail servers accept."),
    "email_domain": _("The part after “@” is not a domain name."),
    "email_too_long": _("The e-mail address is longer than 254 characters."),
    # vocabularies
    "language_unknown": _(
        "“%(value)s” is not a language that messages are written in (%(known)s)."
    ),
    "time_zone_unknown": _("There is no time zone “%(value)s”; use a name like Asia/Shanghai."),
    "time_zone_ambiguous": _(
        "“%(value)s” can mean more than one time zone; use a name like America/New_York."
    ),
    "risk_level_unknown": _("“%(value)s” is not a risk level; use R1 to R5."),
    "channel_unknown": _("“%(value)s” names a channel that is not known."),
    "consent_unknown": _("“%(value)s” says neither yes nor no."),
    "cadence_unknown": _("“%(value)s” is not a cadence; use at once, daily or weekly."),
    "flag_invalid": _("“%(value)s” is not an account flag: small letters, digits, “-”, “_”."),
    "quiet_hours_unreadable": _("“%(value)s” is not a pair of times like 22:00-08:00."),
    "quiet_hours_empty": _("The quiet hours “%(value)s” begin and end at the same time."),
    "date_unreadable": _("“%(value)s” is not a date; use the form 2019-03-01."),
    "date_impossible": _("There is no such day as “%(value)s”."),
    "date_ambiguous": _("“%(value)s” can be read as two different days; use the form 2019-03-01."),
}

# The same reasons where no single row is meant: those whose words above name a detail of it.
_GENERAL: dict[str, str | Promise] = {
    "broken_bytes": _("The file's bytes are damaged there; a character is lost."),
    "column_count": _("The row has more or fewer columns than the header."),
    "row_too_long": _("The row is too long."),
    "too_long": _("The value is too long."),
    "ref_invalid": _("Not a customer number: letters, digits, “.”, “-”, “_”, “/”."),
    "ref_scientific": _(
        "A spreadsheet shortened the customer number. Format the column as text and export again."
    ),
    "repeated_differently": _(
        "The customer number already stands on an earlier line with other content. "
        "The earlier row was used."
    ),
    "phone_scientific": _(
        "A spreadsheet shortened the phone number; digits are lost. Format the column as text and "
        "export again."
    ),
    "phone_too_short": _("The phone number has too few digits."),
    "phone_too_long": _("The phone number has too many digits."),
    "language_unknown": _("Not a language that messages are written in."),
    "time_zone_unknown": _("Not a time zone; use a name like Asia/Shanghai."),
    "time_zone_ambiguous": _(
        "The word can mean more than one time zone; use a name like America/New_York."
    ),
    "risk_level_unknown": _("Not a risk level; use R1 to R5."),
    "channel_unknown": _("A channel that is not known."),
    "consent_unknown": _("Neither yes nor no."),
    "cadence_unknown": _("Not a cadence; use at once, daily or weekly."),
    "flag_invalid": _("Not an account flag: small letters, digits, “-”, “_”."),
    "quiet_hours_unreadable": _("Not a pair of times like 22:00-08:00."),
    "quiet_hours_empty": _("The quiet hours begin and end at the same time."),
    "date_unreadable": _("Not a date; use the form 2019-03-01."),
    "date_impossible": _("There is no such day."),
    "date_ambiguous": _("The date can be read as two different days; use the form 2019-03-01."),
}


class Refused(ValueError):
    """A value that cannot be taken. `code` is a key of REASONS; `args_` fills its words in and
    never repeats the value itself, which may be personal."""

    def __init__(self, code: str, **args: int | str) -> None:
        super().__init__(code)
        self.code = code
        self.args_ = args


def reason(code: str, args: Mapping[str, int | str], *, value: str = "") -> str:
    """The reason in the reader's language, naming `value` (shortened) where the words do."""
    shown = value if len(value) <= 40 else value[:39] + "…"
    return str(REASONS[code]) % {**args, "value": shown}


def general_reason(code: str) -> str:
    """The reason for many rows at once, without the details of any."""
    return str(_GENERAL.get(code) or REASONS[code])
