"""Google Cloud as a machine in it sees it: plain HTTP to its APIs, with the standard library only.

None of this is imported on a machine that lives elsewhere; see house.py.
"""
