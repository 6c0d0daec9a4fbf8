"""File containers, one file each: copying the compressed picture into a new file, and seeing what else a file holds.

Each module has ``copied`` (a new file with the same compressed data and nothing else but what is given; None where that
cannot be vouched for) and ``foreign`` (the names of parts that none of our files has).
"""
