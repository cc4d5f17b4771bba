"""The map from rules to what meets them. `docs/compliance.md` shows exactly this; the tests hold
every name in it to exist.

`python -m tests.audit.compliance` writes the tables into the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "compliance.md"
STATUSES = ("met", "partly", "not")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: what it asks (in our words), the code that meets it (`module:name`), the tests
    that show it (`file::name`), how far it is met, and what is missing."""

    clause: str
    asks: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    status: str
    gap: str = ""


class Table(NamedTuple):
    """One table of the document."""

    key: str
    title: str
    rows: tuple[Clause, ...]


AUDIT_TRAIL = Table("sec-17a-4", "SEC 17a-4(f), the audit-trail alternative", (
    Clause(
        "(f)(2)(i)(A)(1)", "A complete time-stamped trail of every modification and deletion",
        ("audit.record:record", "audit.retention.services:shred_batch"),
        (
            "tests/audit/test_protection.py::test_application_role_cannot_change_the_ledger",
            "tests/audit/test_compliance_map.py::test_a_modification_is_on_the_trail",
            "tests/audit/test_compliance_map.py::test_a_deletion_is_on_the_trail",
        ),
        "met",
    ),
    Clause(
        "(f)(2)(i)(A)(2)", "Date and time of each creation, modification and deletion",
        ("audit.models:Record", "core.clock:isoformat"),
        (
            "tests/audit/test_compliance_map.py::test_a_modification_is_on_the_trail",
            "tests/audit/test_timestamping.py",
        ),
        "met",
    ),
    Clause(
        "(f)(2)(i)(A)(3)", "The identity of the person who did it",
        ("core.actor:Actor", "core.selectors:actor_for_user"),
        ("tests/audit/test_compliance_map.py::test_a_modification_is_on_the_trail",),
        "met",
    ),
    Clause(
        "(f)(2)(i)(A)(4)", "Enough to re-create the original, and to show that it is authentic",
        ("audit.verify:verify_log", "audit.selectors:inclusion_of"),
        (
            "tests/audit/test_compliance_map.py::test_the_original_can_be_made_again",
            "tests/comms/test_sending.py"
            "::test_the_message_can_be_made_again_and_matches_its_commitment",
            "tests/audit/test_verify.py::test_tampering_is_found",
        ),
        "met",
    ),
    Clause(
        "(f)(2)(i)", "Kept for the whole period; a hold lengthens it",
        ("audit.retention.rules:due_day", "audit.retention.selectors:reasons_to_keep"),
        (
            "tests/audit/test_retention_rules.py"
            "::test_nothing_is_due_before_any_duty_that_applies",
            "tests/audit/test_retention.py"
            "::test_even_the_superuser_meets_the_trigger_on_a_key",
            "tests/audit/test_retention.py"
            "::test_a_hold_placed_after_the_approval_still_wins",
        ),
        "partly",
        "A database superuser can still destroy rows; verification against any checkpoint kept "
        "outside then fails, which shows it but does not bring them back.",
    ),
    Clause(
        "(f)(2)(ii)", "Completeness and accuracy of storing verified automatically",
        ("audit.tasks:verify_nightly", "audit.verify:verify_log"),
        (
            "tests/audit/test_compliance_map.py::test_storing_is_verified_by_the_system_itself",
            "tests/audit/test_verify.py::test_an_old_backup_is_found_by_what_it_lacks",
        ),
        "met",
    ),
    Clause(
        "(f)(2)(iii)", "Units of storage serialised and time-dated, where there are such",
        ("audit.sequencer:catch_up", "audit.timestamping.services:stamp_newest"),
        ("tests/audit/test_sequencer.py", "tests/audit/test_timestamping.py"),
        "met",
        "Every record has a number without gaps and a place under a signed, time-stamped head.",
    ),
    Clause(
        "(f)(2)(iv)", "Record and trail downloaded, for people and for machines",
        ("audit.export.report:render", "audit.export.verifier:main"),
        (
            "tests/audit/test_export.py"
            "::test_a_notice_with_its_trail_is_exported_and_proves_itself",
            "tests/audit/test_verifier.py"
            "::test_the_verifier_runs_on_old_and_new_pythons",
        ),
        "met",
    ),
    Clause(
        "(f)(2)(v)", "A second system, or other redundancy that keeps access",
        ("audit.witness:__doc__",),
        ("tests/audit/test_sequencer.py::test_a_restored_backup_signs_nothing",),
        "partly",
        "The firm keeps the copies (replica, backups); the product only makes sure that an old "
        "copy cannot pass for the log.",
    ),
    Clause(
        "(f)(3)", "Ready to be produced at once, organised, with what is needed to find a record",
        ("audit.browsing:__doc__", "audit.views:record_detail"),
        ("tests/audit/test_browse.py", "tests/audit/test_export_pages.py"),
        "partly",
        "The undertaking of a third party or an executive officer is the firm's to give.",
    ),
))  # fmt: skip

OTHERS = Table("others", "Other rules", (
    Clause(
        "FINRA 4511(a), (b)", "Records made and kept; six years where no period is given",
        ("audit.retention.rules:due_day",),
        ("tests/audit/test_retention_rules.py::test_the_shipped_table_has_every_row_with_its_source",),
        "met",
    ),
    Clause(
        "FINRA 4511(c)", "Format and media as in SEC 17a-4",
        ("audit.verify:verify_log",), ("tests/audit/test_verify.py::test_a_sound_log_holds",),
        "partly", "As far as the table above.",
    ),
    Clause(
        "FINRA 2210(b)(1)", "A principal approves before first use",
        ("templates_mgmt.services:approve",),
        ("tests/templates_mgmt/test_services.py::test_a_second_person_approves",
         "tests/templates_mgmt/test_services.py"
         "::test_no_contributor_approves_superuser_included"),
        "met",
    ),
    Clause(
        "FINRA 2210(a)(5)", "Retail communication: more than 25 retail investors in 30 days",
        (), (), "not", "Notices are not classified by this count; all are approved beforehand.",
    ),
    Clause(
        "MiFID II, (EU) 2017/565 Art 76", "Communications kept 5 years, 7 on request, unaltered",
        ("audit.retention.rules:due_day", "audit.record:record"),
        ("tests/audit/test_retention_rules.py::test_the_shipped_table_has_every_row_with_its_source",
         "tests/audit/test_protection.py::test_application_role_cannot_change_the_ledger"),
        "partly", "Covers what the product sends; recording of calls is not its work.",
    ),
    Clause(
        "证券法 Art 137", "Customer and business records kept 20 years, not hidden or altered",
        ("audit.retention.rules:due_day", "audit.retention.selectors:reasons_to_keep"),
        ("tests/audit/test_retention_reasons.py"
         "::test_an_active_investor_is_kept_while_the_relationship_lasts",
         "tests/audit/test_retention.py"
         "::test_the_key_of_an_investor_of_long_ago_is_destroyed_and_of_nobody_else"),
        "partly", "Trading and account records live in other systems of the firm.",
    ),
    Clause(
        "适当性管理办法 Art 32", "Suitability records kept 20 years",
        ("audit.retention.rules:due_day",),
        ("tests/audit/test_retention_rules.py::test_the_shipped_table_has_every_row_with_its_source",),
        "partly", "Only the risk level and the warnings sent are here, not the assessment itself.",
    ),
    Clause(
        "反洗钱法 2024", "Identity records kept 10 years after the relationship",
        ("audit.retention.rules:duty_end",),
        ("tests/audit/test_retention_rules.py"
         "::test_nothing_is_due_before_any_duty_that_applies",),
        "met",
    ),
    Clause(
        "PIPL Art 47", "Erased when the purpose or the period is over, unless a law keeps it",
        ("audit.retention.services:shred_batch", "audit.retention.selectors:reasons_to_keep"),
        ("tests/audit/test_retention.py"
         "::test_the_key_of_an_investor_of_long_ago_is_destroyed_and_of_nobody_else",
         "tests/audit/test_holds.py::test_a_hold_reaches_the_investor_by_every_way"),
        "met", "Erasure destroys keys; what was never personal stays in the ledger.",
    ),
    Clause(
        "PIPL Art 55, 56", "Impact assessments, kept 3 years",
        ("audit.retention.rules:due_day",),
        ("tests/audit/test_retention_rules.py::test_the_shipped_table_has_every_row_with_its_source",),
        "partly", "There is a class for them and no register of them.",
    ),
    Clause(
        "网络安全法", "Network logs kept 6 months or more",
        ("audit.retention.services:propose_due",),
        ("tests/audit/test_retention.py::test_what_is_due_is_counted_approved_and_shredded",),
        "partly", "Provider receipts and the ledger's own entries; web-server logs are the host's.",
    ),
    Clause(
        "Staff monitoring (house rule)", "No longer than 180 days, unless a business record",
        ("audit.retention.rules:due_day",),
        ("tests/audit/test_retention_rules.py::test_a_limit_counts_only_where_no_duty_does",),
        "partly", "The rule is in force; captured messages are not yet a store that is shredded.",
    ),
))  # fmt: skip

TABLES = (AUDIT_TRAIL, OTHERS)


def rendered(table: Table) -> str:
    """The table as the document shows it."""
    lines = ["| clause | asks for | met by | shown by | status |", "|---|---|---|---|---|"]
    for row in table.rows:
        code = "<br>".join(f"`{name}`" for name in row.code) or "–"
        tests = "<br>".join(f"`{name}`" for name in row.tests) or "–"
        status = f"{row.status}. {row.gap}" if row.gap else row.status
        lines.append(f"| {row.clause} | {row.asks} | {code} | {tests} | {status} |")
    return "\n".join(lines)


def block(table: Table) -> str:
    """The table between its marks."""
    return f"<!-- {table.key} -->\n{rendered(table)}\n<!-- /{table.key} -->"


def main() -> None:
    """Write the tables into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for table in TABLES:
        start, end = f"<!-- {table.key} -->", f"<!-- /{table.key} -->"
        head, _mark, rest = text.partition(start)
        tail = rest.partition(end)[2]
        text = head + block(table) + tail
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
