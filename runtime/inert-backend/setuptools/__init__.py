"""Stands in for setuptools while pip downloads a source archive.

pip asks the build backend of every source archive for its metadata, and the real one would run the
archive's setup.py. We only want the file. This backend answers from PKG-INFO and runs nothing.
"""
