"""Dry runs that were shown to people, kept so that a release can say which one it accepted (D9).

A dry run goes through the whole audience: seconds to minutes for a million investors. It is made
outside any transaction that holds the notice; a submission or a release then only checks that it
is still a dry run of this notice as it stands.
"""
