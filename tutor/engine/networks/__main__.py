"""`python -m tutor.engine.networks '{"model": "torchvision:resnet50"}'`: one document on standard output.

A process of its own, because it imports torch and may run a file of the learner's. Whatever that prints goes to
standard error. Exit status 0, or 2 with `{"error": sentence}`.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    """Describe the network that the first argument asks for."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        import torch

        from tutor.engine.networks.describing import describe
        from tutor.fields.layers import FieldError
    except Exception as error:
        words = str(error).strip().split("\n", 1)[0]
        json.dump({"error": f"PyTorch cannot be loaded ({words}); tutor doctor says more."}, answer)
        return 2
    torch.set_num_threads(max(1, min(4, (os.cpu_count() or 2) // 2)))
    try:
        document, status = describe(**json.loads(sys.argv[1])), 0
    except FieldError as error:
        document, status = {"error": str(error)}, 2
    except MemoryError:
        document, status = {"error": "There is not enough memory for this network; take a smaller --width."}, 2
    json.dump(document, answer)
    answer.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
