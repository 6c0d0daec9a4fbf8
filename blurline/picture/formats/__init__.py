"""File containers, one module each: copy the compressed picture into a new file, and list other parts of a file.

Each module has ``repackage`` (a new file with the same compressed data and only the given blocks; None where the module
cannot guarantee that) and ``foreign_parts`` (the names of parts that Blurline never writes).
"""
