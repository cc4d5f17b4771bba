"""Writes: each one function, one transaction, one ledger record `statement.<verb>`."""

from crisis.statements.services.notices import make_statement as make_statement
from crisis.statements.services.writing import draft as draft
from crisis.statements.services.writing import drop as drop
from crisis.statements.services.writing import note as note
from crisis.statements.services.writing import publish as publish
