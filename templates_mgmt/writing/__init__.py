"""Writing a version: the values of its facts, variants made from them, words not saved yet."""
