"""The answer language: text -> tree -> value, preview, comparison, diagnosis, derivations."""

import sys

# A tree is at most 100 levels deep as typed, but a level takes several calls to walk, compare or evaluate, more than
# Python's usual limit allows where the caller is deep in calls itself. What is said must not depend on that.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 8000))
