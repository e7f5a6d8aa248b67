"""A worker without torch: `worker.py MODE FOLDER` tells events as the real one does; MODE says how it ends."""

import os
import signal
import sys
import time
from pathlib import Path

from tutor.training.events import Epoch, EventWriter, Failed, Finished, Message, Started, Step, Stopped

mode, folder = sys.argv[1], Path(sys.argv[2])
asked = []
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "stubborn" else lambda number, frame: asked.append(number))
writer = EventWriter(folder / "events.jsonl")
checkpoint = folder / "checkpoint.fake"
step = int(checkpoint.read_text()) if checkpoint.exists() else 0


def sleep():
    """A process that would stay for ever, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)


def take_step(count=1):
    """One step, told."""
    global step
    step += count
    loss = 2.0 / step
    writer.write(Step(time.time(), step, 1 + step // 1000, loss, 0.5, 0.1, 128.0, (loss,), (0.5,), (0.1,)))


if mode == "family":
    sleep()
if mode in ("silent", "silent-lingers"):
    while not asked:
        time.sleep(0.01)
    time.sleep(mode == "silent-lingers")
    sys.exit(0)
writer.write(Started(time.time(), "cpu", "none", 1, 1000, 100, 10, 5, 1000, step=step))
if mode == "dies":
    for _ in range(4):
        take_step()
    os.kill(os.getpid(), getattr(signal, os.environ.get("WITH", "SIGKILL")))
if mode == "raises":
    raise ModuleNotFoundError("No module named 'torch'")
if mode == "leaves":
    sleep()
    sys.exit(0)
if mode == "fails":
    writer.write(Failed(time.time(), 7, 1, "The loss of step 7 is no number.", "Set learning_rate=1e-4."))
    sys.exit(1)
if mode == "floods":
    for number in range(60_000):
        print(f"line {number} of what a model prints " + "x" * 20)
if mode in ("finishes", "floods"):
    for _ in range(3):
        take_step()
    writer.write(Message(time.time(), "Half of it is done."))
    writer.write(Epoch(time.time(), 1, step, 0.5, 0.8, 0.6, 0.75, 1.0))
    writer.write(Finished(time.time(), step, 1, 0.75, 1.0))
    sys.exit(0)
while not asked:
    take_step()
    if step % 5 == 0:
        checkpoint.write_text(str(step))
    time.sleep(0.01)
# A checkpoint may take its time.
time.sleep(mode == "lingers")
checkpoint.write_text(str(step))
writer.write(Stopped(time.time(), step, 1, "Stopped as asked; resume it whenever you like."))
