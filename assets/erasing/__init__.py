"""Records of a person redacted in landed files and kept out of later pulls.

Belongs here: finding and rewriting records of any format. Does not: who the person is, asking, or publishing
(`pipelines/forget`).
"""
