"""The core indicator library: sources, units, factors and GWP sets as immutable releases.

Read factor.py (one factor, exact; GWP sets), measure.py (units, indicators, selections), publication.py (documents, policies),
disclosure.py (templates, target profiles), release.py (the set and its hash), reading.py, reading_factor.py and meaning.py (a document
into a release, and all that is wrong with it), build.py (tables/*.csv into a document), shipped.py (the release that comes with the
code), diff.py (two releases), local_factor.py (what one bank proposes).
"""
