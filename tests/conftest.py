"""What the whole suite shares."""

from importlib.util import find_spec

# Until progress is kept, nothing that keeps it can be tried.
collect_ignore = [] if find_spec("tutor.progress.store") else ["test_plain.py", "terminal/test_pty.py", "tui"]
