"""How far a build is: what the next worker needs to go on where one was killed.

These rows are work in progress, no evidence: they go when the export is ready or failed.
"""

from __future__ import annotations

from django.db import models

from audit.export.rules import Stage, stage_choices


class ExportBuild(models.Model):
    """What a build fixed when it began: the checkpoint (`note`, signed; `size` leaves), the
    template versions in scope, how many records are in scope and how many are `missing` from the
    log. Whoever goes on with it makes the same bag.

    `taken_at` and `taken_records`: when the present worker took it up, and what was there then.
    `beat_at`: its last sign of life.
    """

    export = models.OneToOneField(
        "audit.Export", primary_key=True, on_delete=models.PROTECT, related_name="build"
    )
    size = models.BigIntegerField()
    note = models.TextField()
    versions = models.JSONField(default=list)
    total = models.BigIntegerField()
    missing = models.BigIntegerField()
    stage = models.CharField(max_length=20, choices=stage_choices, default=Stage.WRITING.value)
    begun_at = models.DateTimeField()
    taken_at = models.DateTimeField()
    taken_records = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"build of export {self.export_id}"


class ExportPart(models.Model):
    """A part that is on disk for good: after it, `records` records are written, the next leaf to
    write is `cursor`, and each growing file has `ends` bytes with the SHA-256 in `hashes` over
    all of them. `whole`: it is the last one. `summary`: what the report counts so far."""

    build = models.ForeignKey(ExportBuild, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    records = models.BigIntegerField()
    cursor = models.BigIntegerField()
    whole = models.BooleanField(default=False)
    ends = models.JSONField()
    hashes = models.JSONField()
    summary = models.JSONField()
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["build", "number"], name="audit_exportpart_once")
        ]

    def __str__(self) -> str:
        return f"part {self.number}"
