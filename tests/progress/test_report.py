"""The report says what was done, in three formats, whatever an answer contains."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from tutor.progress.report import ReportRow, as_html, as_json, as_markdown
from tutor.progress.store import OPEN, PartProgress

TRIED = PartProgress("tried", 2, 1, True, "a | b\n<script>", "incorrect")
SOLVED = PartProgress("solved", 1, 0, False, "n K^2 L", "correct")
ROWS = (
    ReportRow("ps08/cost/one", "1 Cost", "one forward pass", SOLVED),
    ReportRow("ps08/cost/two", "1 Cost", "one training step", TRIED),
    ReportRow("ps08/optimizers/three", "3 Optimizers", "state", OPEN),
)


def test_json_has_every_part_in_order():
    document = json.loads(as_json("Sheet", ROWS))
    assert (document["solved"], document["of"]) == (1, 3)
    assert [part["state"] for part in document["parts"]] == ["solved", "tried", "open"]
    assert document["parts"][1]["last_answer"] == "a | b\n<script>"


def test_a_markdown_row_stays_one_row():
    lines = as_markdown("Sheet", ROWS).splitlines()
    assert "1 of 3 parts solved" in lines
    row = next(line for line in lines if "one training step" in line)
    assert row.replace("\\|", "").count("|") == 7
    assert "## 3 Optimizers" in lines


def test_html_escapes_what_was_typed():
    page = as_html("Sheet <1>", ROWS)
    assert "<script>" not in page
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

    Reader().feed(page)
    assert tags.count("table") == 2
    assert tags.count("td") == 18
