"""The core indicator library: sources, units, factors and GWP sets as immutable releases.

Read factor.py (one factor, exact), measure.py (units, GWP sets, indicators, selections), release.py (the set and its hash),
reading.py (a document into a release), build.py (tables/*.csv into a document), shipped.py (the release that comes with the code).
"""
