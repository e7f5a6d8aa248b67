"""Receptive fields of real networks: by the recurrence over the traced graph, and by the gradient.

A network counts up to its last feature map before global pooling or flattening, along its width. For the gradient all
weights are made positive and max pooling becomes average pooling of the same windows, so that nothing cancels and no
cell is left out by chance.
"""

from __future__ import annotations

import copy
import operator
from typing import Any

import torch
from torch import fx, nn

from tutor.engine.protocol import MethodError
from tutor.fields.arithmetic import INPUT, Field, Figures, Node, network
from tutor.fields.layers import FieldError, Layer

WIDTH = 224
HEIGHT = 64
"""Of the input for the gradient: enough for every network of torchvision to run."""
ADDING = (operator.add, operator.iadd, torch.add, "add", "add_")
SAME = (nn.modules.batchnorm._BatchNorm, nn.Dropout, nn.Dropout2d, nn.Identity, nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU)
SAME_FUNCTIONS = (torch.relu, nn.functional.relu, nn.functional.relu6, nn.functional.dropout, "relu", "contiguous")
ENDING = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Flatten, nn.Linear)
ENDING_FUNCTIONS = (
    torch.flatten, torch.mean, nn.functional.adaptive_avg_pool2d, "flatten", "mean", "view", "reshape", "size",
)  # fmt: skip


class _Ended:
    """A value behind global pooling or flattening: it has no places any more."""


ENDED = _Ended()


def field(model: str, width: int | None = None) -> dict[str, Any]:
    """The document of `receptive-field --model`: every layer, and the gradient beside. Raises MethodError."""
    built = build(model)
    try:
        found = field_of(built, WIDTH if width is None else width)
    except FieldError as error:
        raise MethodError(str(error)) from None
    measured = gradient_field(built, found)
    extra = {"model": model, "measured": measured, "agree": measured == found.receptive_field}
    return Figures(found, extra).as_dict()


def build(name: str) -> nn.Module:
    """A network by its name, `torchvision:resnet50`, without trained weights. Raises MethodError."""
    from torchvision import models

    source, _, called = name.rpartition(":")
    if source not in ("", "torchvision") or called not in models.list_models():
        raise MethodError(f"There is no network {name}; name one of torchvision's, such as torchvision:resnet50.")
    with torch.random.fork_rng(devices=[]):
        return models.get_model(called, weights=None, **({"init_weights": False} if called == "googlenet" else {}))


def field_of(model: nn.Module, width: int = WIDTH) -> Field:
    """The figures of a network over an input `width` cells wide. Raises MethodError, FieldError."""
    return network(nodes_of(model), width)


def nodes_of(model: nn.Module) -> tuple[Node, ...]:
    """The layers up to the last feature map, with what each reads. Raises MethodError where places mean nothing."""
    try:
        graph = fx.symbolic_trace(model.eval()).graph
    except Exception as error:
        said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise MethodError(f"What this network does depends on its input, so no graph can be traced ({said}).") from None
    modules = dict(model.named_modules())
    found: list[Node] = []
    places: dict[fx.Node, int | _Ended] = {}
    last = INPUT
    for node in graph.nodes:
        if node.op == "placeholder":
            places[node] = INPUT
            continue
        inputs = [places[one] for one in node.all_input_nodes if one in places]
        if node.op == "output" or not inputs:
            continue
        if all(isinstance(one, _Ended) for one in inputs):
            places[node] = ENDED
            continue
        below = tuple(one for one in inputs if not isinstance(one, _Ended))
        target = modules[str(node.target)] if node.op == "call_module" else node.target
        if len(below) < len(inputs):
            raise MethodError(
                f"At {node.name} the whole map comes back to every place (global attention), so every unit sees all of "
                "the input; there is no smaller receptive field."
            )
        place = _place(node, target, below, found)
        places[node] = place
        if not isinstance(place, _Ended):
            last = place
    if last == INPUT or not found:
        raise MethodError("This network has no layer with a receptive field before it pools or flattens everything.")
    return tuple(found[: last + 1])


def _place(node: fx.Node, target: Any, below: tuple[int, ...], found: list[Node]) -> int | _Ended:
    """Where the value of a node is: a new layer, the one below, or nowhere."""
    name = str(node.target) if node.op == "call_module" else node.name
    if isinstance(target, SAME) or target in SAME_FUNCTIONS:
        return below[0]
    if isinstance(target, ENDING) or target in ENDING_FUNCTIONS:
        return ENDED
    if target in ADDING or target is torch.cat:
        kind = "cat" if target is torch.cat else "add"
        inputs = tuple(dict.fromkeys(below))
        found.append(Node(Layer(name, 1, kind=kind), inputs, kind))
    else:
        found.append(Node(_layer(name, target), below, type(target).__name__))
    return len(found) - 1


def _layer(name: str, module: Any) -> Layer:
    """A convolution or a pooling along the width. Raises MethodError for everything else."""
    if isinstance(module, nn.Conv2d) and not isinstance(module.padding, str):
        return Layer(name, module.kernel_size[1], module.stride[1], module.padding[1], module.dilation[1])
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kernel, padding = _across(module.kernel_size), _across(module.padding)
        dilation = _across(module.dilation) if isinstance(module, nn.MaxPool2d) else 1
        kind = "max" if isinstance(module, nn.MaxPool2d) else "avg"
        stride = _across(module.stride)
        return Layer(name, kernel, stride, padding, dilation, kind, ceil_mode=module.ceil_mode)
    what = type(module).__name__ if isinstance(module, nn.Module) else getattr(module, "__name__", str(module))
    raise MethodError(f"{name} is {what}; only convolutions and pooling are followed, so its field is not known.")


def _across(value: Any) -> int:
    """The entry along the width."""
    return int(value[-1]) if isinstance(value, tuple | list) else int(value)


def gradient_field(model: nn.Module, of: Field) -> int:
    """The width of what a unit in the middle of the last feature map reads, from the real gradient."""
    twin = _positive(model)
    last = of.nodes[-1].layer.name
    width = 2 * of.receptive_field + 8 * int(of.stride)
    # Small, so that no ReLU6 is full; in float64, since the edge of a deep field has a tiny gradient.
    x = torch.full((1, 3, HEIGHT, width), 1e-3, dtype=torch.float64, requires_grad=True)
    kept: dict[str, torch.Tensor] = {}
    _Keeping(twin, last, kept).run(x)
    out = kept[last]
    (gradient,) = torch.autograd.grad(out[..., out.shape[-1] // 2].sum(), x)
    cells = gradient.sum((0, 1, 2)).nonzero().flatten()
    return int(cells[-1] - cells[0]) + 1


def _positive(model: nn.Module) -> fx.GraphModule:
    """A copy with positive weights of moderate size and average pooling, ready to be run node by node."""
    twin = copy.deepcopy(model).eval().double()
    for name, module in list(twin.named_modules()):
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.uniform_(module.weight, 0.5 / fan_in, 1.5 / fan_in)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.MaxPool2d) and _across(module.dilation) == 1:
            above, _, own = name.rpartition(".")
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode)
            setattr(twin.get_submodule(above), own, pool)
        elif hasattr(module, "inplace"):
            vars(module)["inplace"] = False
    return fx.symbolic_trace(twin)


class _Stop(Exception):
    """Everything needed has been computed."""


class _Keeping(fx.Interpreter):
    """Runs the graph up to one layer and keeps its output."""

    def __init__(self, module: fx.GraphModule, name: str, kept: dict[str, torch.Tensor]) -> None:
        super().__init__(module)
        self._name, self._kept = name, kept

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run until the layer is there."""
        try:
            return super().run(*args, **kwargs)
        except _Stop:
            return None

    def run_node(self, n: fx.Node) -> Any:
        """Keep the output of the one node."""
        value = super().run_node(n)
        if self._name in (n.name, str(n.target)):
            self._kept[self._name] = value
            raise _Stop
        return value
