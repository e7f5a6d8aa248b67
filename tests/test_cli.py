"""The commands as a shell sees them: exit codes, streams, one sentence for what is wrong."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.clock import within
from tests.training.finished import finished
from tutor import cli
from tutor.commands import doctor, open_store
from tutor.content.load import load_sets

COST = "cost/forward-multiplications"
COMMANDS = tuple(cli.COMMANDS)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A state of its own."""
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def shell(*words, send=b"", **rest):
    """A command line run as a process of its own."""
    return subprocess.run([sys.executable, "-m", "tutor", *words], input=send, capture_output=True, timeout=60, **rest)


def batch(lines, command="check"):
    """The answers to JSON lines."""
    done = shell(command, "--batch", send="".join(line + "\n" for line in lines).encode())
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---------------------------------------------------------------- check


@pytest.mark.parametrize(("answer", "status"), [("n K^2 L", 0), ("2 n K^2 L", 1), ("n*K^^2", 2), ("-n K", 1), ("", 2)])
def test_exit_status_tells_the_verdict(answer, status, capsys):
    assert cli.main(["check", COST, answer]) == status
    assert capsys.readouterr().out.strip()


def test_check_shows_how_the_answer_was_read_and_why_it_is_wrong(capsys):
    cli.main(["check", COST, "3nK^2L"])
    out = capsys.readouterr().out
    assert "3·n·K²·L" in out
    assert "✗ not yet" in out
    assert "n = 1" in " ".join(out.split())


def test_check_puts_a_caret_under_the_place(capsys):
    cli.main(["check", COST, "n*K^^2"])
    typed, caret, *_ = capsys.readouterr().out.splitlines()
    assert typed[caret.index("^")] == "^"
    assert caret.index("^") == typed.index("^^") + 1


def test_json_is_one_document_and_nothing_else(capsys):
    assert cli.main(["check", COST, "2 n K^2 L", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "incorrect"
    assert found["part"] == COST
    assert found["counterexample"]["yours"] == "2"


def test_the_set_may_stand_in_front():
    assert cli.main(["check", f"ps08/{COST}", "nK²L"]) == 0


def test_a_derivation_can_come_through_standard_input():
    done = shell("check", "initialization/derivation", "-", send=b"Var[y] = d sigma^2\n")
    assert done.returncode in (0, 1)
    assert done.stdout


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["check"], "for example"),
        (["check", COST], "for example"),
        (["check", "cost/forward-multiplication", "n"], COST),
        (["check", COST, "n", "--jsno"], "--json"),
        (["check", "--batch", COST], "standard input"),
        (["chekc", COST, "n"], "check"),
        (["optimiser"], "optimizers"),
        (["--colour", "256"], "--color"),
        (["--color", "12"], "truecolor, 256, 16"),
        (["--plain", "check"], "comes first"),
        (["report", "--format", "pdf"], "md, html, json"),
        (["serve", "--port", "x"], "whole number"),
        (["serve", "--port", "0"], "1 to 65535"),
        (["lint", "/nowhere/at/all"], "set.toml"),
        (["compare", "a"], "two formulas"),
        (["doctor", "now"], "leave it out"),
    ],
)
def test_a_wrong_command_line_gets_one_sentence_that_says_what_to_do(words, hint, capsys):
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert hint in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help_shows_an_example(words, capsys):
    assert cli.main([*words, "--help"]) == 0
    assert "example" in capsys.readouterr().out


# ---------------------------------------------------------------- check --batch


def test_batch_answers_every_line_in_order_with_these_keys():
    asked = [("n K^2 L", "correct"), ("n K", "incorrect"), ("n +", "invalid"), ("nK²L", "correct")]
    found = batch([json.dumps({"part": COST, "answer": answer}) for answer, _ in asked])
    assert [(line["answer"], line["verdict"]) for line in found] == asked
    for line in found:
        assert list(line)[:6] == ["part", "answer", "verdict", "message", "counterexample", "preview"]
        assert line["message"] or line["verdict"] == "correct"


BAD = [
    "",
    "nonsense",
    "[1]",
    "null",
    "[" * 100_000,
    '{"part": "cost/forward-multiplications"}',
    '{"part": 1, "answer": "n"}',
    '{"part": "cost/forward-multiplications", "answer": 5}',
    '{"part": "no/such", "answer": "n"}',
    '{"part": "cost/forward-multiplications", "answer": "\\ud800"}',
    '{"part": "cost/forward-multiplications", "answer": "\\u0000"}',
    json.dumps({"part": COST, "answer": "(" * 100_000}),
]


def test_bad_lines_are_invalid_say_why_and_stop_nothing():
    found = batch([*BAD, json.dumps({"part": COST, "answer": "n K^2 L"})])
    assert [line["verdict"] for line in found] == ["invalid"] * len(BAD) + ["correct"]
    assert all(line["message"] for line in found[:-1])


def test_bytes_that_are_not_utf_8_are_one_bad_line():
    done = shell("check", "--batch", send=b"\xff\xfe\n" + json.dumps({"part": COST, "answer": "n K^2 L"}).encode())
    assert [json.loads(line)["verdict"] for line in done.stdout.splitlines()] == ["invalid", "correct"]


def test_batch_works_as_a_co_process():
    words = [sys.executable, "-m", "tutor", "check", "--batch"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for answer, verdict in (("n K^2 L", "correct"), ("n", "incorrect")):
            process.stdin.write(json.dumps({"part": COST, "answer": answer}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["verdict"] == verdict
        process.stdin.close()
        assert process.wait(30) == 0


def test_batch_judges_a_thousand_answers_a_second():
    from tutor.commands.check import judge_lines
    from tutor.content.load import load_sets

    sets = load_sets()
    forms = ("n K^2 L + {0} - {0}", "{0} n K^2 L", "n K^2 (L + {0})", "n K^2 L {0}/{0}", "n K + {0}")
    lines = [json.dumps({"part": COST, "answer": forms[i % 5].format(i + 2)}).encode() for i in range(1000)]
    list(judge_lines(lines[:5], sets))
    found = within(2.0, lambda: list(judge_lines(lines, sets)))  # twice the budget, for a busy machine
    assert len(found) == 1000


# ---------------------------------------------------------------- compare


def test_compare_batch_says_equal_different_or_why_not():
    pairs = [
        ("a + b", "b + a"),
        ("(a+b)^2", "a^2 + b^2"),
        ("a +", "b"),
        ("-x", "x"),
        ("sqrt(x^2)", "x"),
        ("αx", "x alpha"),
    ]
    found = batch([*(json.dumps({"student": s, "reference": r}) for s, r in pairs), "no JSON"], "compare")
    assert [line["equal"] for line in found] == [True, False, None, False, False, True, None]
    assert [bool(line["error"]) for line in found] == [False, False, True, False, False, False, True]


@pytest.mark.parametrize(("pair", "status"), [(("2a", "a+a"), 0), (("-a", "a"), 1), (("a)", "a"), 2)])
def test_compare_of_two_formulas(pair, status):
    assert cli.main(["compare", *pair]) == status


# ---------------------------------------------------------------- report


def test_report_tells_what_was_done_in_three_formats(home, capsys):
    from tutor.progress.store import Store

    with Store(home / "state" / "progress.db") as store:
        store.record_attempt(f"ps08/{COST}", "n K^2", "incorrect")
        store.record_attempt(f"ps08/{COST}", "n K^2 L", "correct")
        store.record_hint(f"ps08/{COST}", "one")
    assert cli.main(["report", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first = found["parts"][0]
    assert (first["part"], first["state"], first["attempts"], first["hints"]) == (f"ps08/{COST}", "solved", 2, 1)
    assert cli.main(["report"]) == 0
    assert "1 of 33 parts solved" in capsys.readouterr().out
    assert cli.main(["report", "--format", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_report_has_the_runs_and_names_the_files_of_code(home, capsys):
    finished("cnn-shifted", 0.9)
    with open_store(load_sets()) as store:
        store.record_attempt("ps08/convnets/mlp", "def get_mlp(image_size):\n    return 7\n", "incorrect")
    assert cli.main(["report"]) == 0
    text = capsys.readouterr().out
    assert "## Runs" in text
    assert "finished | 90.0 %" in text
    assert "mlp.py" in text
    assert "return 7" not in text
    assert cli.main(["report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["best_accuracy"] == 0.9


def test_report_before_anything_was_done_makes_no_folder(home, capsys):
    assert cli.main(["report"]) == 0
    assert "0 of 33" in capsys.readouterr().out
    assert not home.exists()


def test_report_of_a_broken_state_says_what_to_do(home, capsys):
    (home / "state" / "progress.db").mkdir(parents=True)
    assert cli.main(["report"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tutor: ")
    assert "Traceback" not in err


# ---------------------------------------------------------------- lint, doctor, serve


def test_lint_names_file_and_line(tmp_path, capsys):
    (tmp_path / "set.toml").write_text('format = 1\ntitle = "T"\ncredit = "C"\nproblems = ["gone"]\n')
    assert cli.main(["lint", str(tmp_path), "--json"]) == 1
    complaints = json.loads(capsys.readouterr().out)["problems"]
    assert [one["line"] for one in complaints if one["file"].endswith("set.toml")] == [4]
    assert all(one["message"] for one in complaints)
    assert cli.main(["lint", str(tmp_path)]) == 1
    assert "set.toml:4: " in capsys.readouterr().out


def test_doctor_has_every_check_with_its_keys(capsys):
    assert cli.main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    for check in checks:
        assert {"name", "ok", "found", "advice"} <= set(check)
        assert check["found"]
    names = {check["name"] for check in checks}
    wanted = (
        "python textual torch terminal size colour utf-8 tmux clipboard mouse keys ssh content state progress gpu data"
    )
    assert set(wanted.split()) <= names


def test_doctor_says_the_line_that_mends_tmux():
    told = {"set-clipboard": "off", "default-terminal": "screen", "extended-keys": "off", "mouse": "off"}

    def tmux(*words):
        return "tmux 3.3a" if words[1] == "-V" else told[words[-1]] if words[0] == "tmux" else None

    environ = {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen", "SSH_CONNECTION": "a b c d"}
    found = {check.name: check for check in doctor.survey(environ, tmux)}
    assert not found["tmux-clipboard"].ok
    assert "set -s set-clipboard on" in found["tmux-clipboard"].advice
    assert "set -g default-terminal tmux-256color" in found["tmux-terminal"].advice
    assert "extended-keys on" in found["tmux-keys"].advice
    assert "set -g mouse on" in found["mouse"].advice


def test_doctor_breaks_no_line_to_copy():
    long = "set -as terminal-features ',*:RGB'"
    checks = [doctor.Check("tmux-terminal", True, "word " * 30, f"{long}   (in ~/.tmux.conf, then say it once more)")]
    lines = list(doctor.as_lines(checks, 60))
    assert any(line.strip() == long for line in lines)
    assert max(map(len, lines)) <= 60


def test_doctor_fails_where_nothing_can_be_kept(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "file" / "home"))
    assert cli.main(["doctor"]) == 1
    assert "TUTOR_HOME" in capsys.readouterr().out


def test_serve_answers_its_own_pages_only():
    import asyncio

    from aiohttp.test_utils import TestClient, TestServer

    from tutor.commands.serve import server

    async def status(**headers):
        app = await server(8123)._make_app()
        app.on_startup.clear()
        async with TestClient(TestServer(app)) as client:
            return (await client.get("/", headers=headers)).status

    assert asyncio.run(status(Host="127.0.0.1:8123")) == 200
    assert asyncio.run(status(Host="evil.example:8123")) == 403
    assert asyncio.run(status(Host="localhost:8123", Origin="http://evil.example")) == 403


def test_serve_says_when_the_port_is_taken(capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert cli.main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another with --port" in capsys.readouterr().err


# ---------------------------------------------------------------- streams


def test_without_a_terminal_the_interface_says_so():
    done = shell()
    assert done.returncode == 2
    assert b"--plain" in done.stderr
    assert done.stdout == b""


def test_a_closed_pipe_ends_it_quietly():
    lines = json.dumps({"part": COST, "answer": "n"}).encode() + b"\n"
    words = [sys.executable, "-m", "tutor", "check", "--batch"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(lines * 50)
        process.stdin.close()
        assert process.wait(30) == cli.CLOSED_PIPE
        assert process.stderr.read() == b""


def test_ctrl_c_leaves_no_traceback():
    words = [sys.executable, "-m", "tutor", "check", "--batch"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps({"part": COST, "answer": "n"}).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert b"Traceback" not in process.stderr.read()


def test_a_full_disk_is_a_sentence():
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tutor", "check", COST, "n"], stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 2
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_ascii_terminal_gets_every_line():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = shell("check", COST, "n K^2 L", env=environ)
    assert done.returncode == 0
    assert b"yes" in done.stdout
