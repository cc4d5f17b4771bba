"""Data that people rule by (word lists, clauses, tables of clocks …): versions under four eyes.

One person drafts and submits a version, another puts it in force; the version before is then
superseded. `rules` has the states, `models` the columns, `steps` the moves, and `sql` holds the
same below Python.
"""
