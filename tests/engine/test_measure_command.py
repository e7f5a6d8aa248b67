"""`tutor measure`, and `tutor lint` with measurements."""

import json
import subprocess
import sys

import pytest


def tutor(*words):
    done = subprocess.run([sys.executable, "-m", "tutor", *words], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def test_it_prints_the_measurement_beside_the_formula():
    done = tutor("measure", "cost/training-multiplications", "n=4", "K=8", "L=3", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["measured"], found["formula"], found["agree"]) == (2304, 2304, True)
    assert found["symbols"] == {"n": 4, "K": 8, "L": 3}
    assert "backward" in found["how"]
    assert {"part", "seconds"} <= found.keys()


def test_sequences_are_given_with_commas_and_set_their_length():
    done = tutor("measure", "receptive-field/closed-form", "K=3,3,5", "S=2,2,1", "P=0,0,0")
    assert done.returncode == 0
    assert "L = 3" in done.stdout
    assert "they agree" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cost/forward-multiplications", "m=3"], "has no symbol m"),
        (["cost/forward-multiplications", "n"], "gives no value"),
        (["cost/forward-multiplications", "n=x"], "is no number"),
        (["cost/forward-multiplications", "n=0"], "outside"),
        (["cost/forward-multiplications", "n=1e9"], "too large"),
        (["optimizers/adam-gradient-dependence"], "nothing to measure"),
        (["cost/nothing"], "nothing"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(words, said):
    done = tutor("measure", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
