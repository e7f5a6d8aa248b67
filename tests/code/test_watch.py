"""`tutor code --watch` beside an editor of the learner's own."""

import json
import os
import signal
import subprocess
import sys

from tests.content.test_code_parts import PARTS, solved


def test_each_save_is_checked_until_ctrl_c(tmp_path):
    file = tmp_path / "mlp.py"
    file.write_text("def get_mlp(image_size):\n    return None\n")
    environ = {**os.environ, "TUTOR_HOME": str(tmp_path / "home")}
    words = [sys.executable, "-m", "tutor", "code", "convnets/mlp", str(file), "--watch", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ) as process:
        try:
            first = json.loads(process.stdout.readline())
            assert first["verdict"] == "incorrect"
            beside = tmp_path / "mlp.py.writing"
            beside.write_text(solved(PARTS["mlp"]))
            beside.replace(file)
            second = json.loads(process.stdout.readline())
            assert second["verdict"] == "correct"
            assert all(check["passed"] for check in second["checks"])
        finally:
            process.send_signal(signal.SIGINT)
            rest, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert rest == b""
    assert b"Traceback" not in said
    kept = sorted((tmp_path / "home").rglob("*.py"))
    assert len(kept) == 2, "both versions that were checked are kept"
