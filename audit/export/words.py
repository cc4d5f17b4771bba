"""The texts of a bag that are the same for every reader: README.txt in Chinese and English."""

from __future__ import annotations

from audit.models import Export

_README = """\
监管报送材料 / Regulator export
==============================

提供给 / For:              {recipient}
水印 / Watermark:          {watermark}
导出编号 / Export:         {export}
记录数 / Records:          {records}

本材料仅供上列接收方使用。水印与接收方一一对应，印于报告每一页；如有外泄，可据此追溯。
For this recipient only. The watermark belongs to this recipient alone and stands on every page
of the report: a copy that leaks can be traced by it.

records.jsonl            记录原文，每行一条 / the records, one a line, byte for byte as logged
records.csv              同样的记录，表格形式 / the same records as a table
report.pdf               供阅读的报告，印有账本公钥 / report for people, with the log's key
proofs/inclusion.jsonl   每条记录在账本中的位置证明 / proof of each record's place in the log
proofs/consistency.jsonl 账本与旧检查点一致的证明 / the log still holds what it held before
checkpoint               已签名的账本检查点 / the log's signed checkpoint (C2SP tlog-checkpoint)
key                      账本公钥 / the log's verifier key (C2SP signed-note)
rotations.jsonl          账本公钥更换声明 / how each key handed over to the next, if it did
witnesses                见证方公钥 / keys of the witnesses that may have cosigned it
timestamps/              检查点的时间戳（如有）/ time-stamps of a checkpoint, if any (RFC 3161)
statement.json           范围、审批与数量声明 / scope, approval and counts
verify.py                核验程序 / the program that checks all of this
../signature.txt         机构对清单的签名 / the firm's signature on the list of all these files

核验 / To check (Python 3.9+, no network, nothing to install):

    python3 data/verify.py .             在含有 bagit.txt 的目录 / in the folder with bagit.txt
    python3 verify.py BAG --key KEY      使用经其他途径取得的程序和公钥（更可靠）
                                         with a program and a key got another way (better)
    python3 verify.py BAG --proof INDEX  取出单条记录的证明 / one record's own proof

The SHA-256 of this program is in manifest-sha256.txt; the firm records the SHA-256 of that
manifest in the log itself when the export is made (action export.built).
"""


def readme(export: Export, records: int) -> str:
    """README.txt of a bag, with its recipient and watermark."""
    return _README.format(
        recipient=" ".join(export.recipient.split()),
        watermark=export.watermark,
        export=export.pk,
        records=f"{records:,}",
    )
