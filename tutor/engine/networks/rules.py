"""How every operation stands to space: the rules by which `reading` follows a feature map through a graph."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from tutor.engine.networks import windows
from tutor.engine.networks.operations import ATTENTION, JOINING, PARTING, POINTWISE, SHAPING, SUMMING, TURNING
from tutor.engine.networks.states import Lost, Map, Recipe, State, Step, Whole
from tutor.fields.arithmetic import INPUT
from tutor.fields.layers import FieldError, Layer

WHOLE_NORMS = (nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
NORMS = (*WHOLE_NORMS, nn.LocalResponseNorm, nn.RMSNorm)


class Reader(fx.Interpreter):
    """Runs a graph on shapes, and keeps beside each value how it stands to space."""

    def __init__(self, graph: fx.GraphModule, axes: int) -> None:
        super().__init__(graph, garbage_collect_values=False)
        self.traced: fx.Graph = graph.graph
        self.axes = axes
        self.steps: list[Step] = []
        self.states: dict[fx.Node, State] = {}
        self.recipes: dict[fx.Node, Recipe] = {}
        self._gates: list[tuple[int, str]] = []
        self._notes: list[tuple[int, str]] = []
        self._result: Any = None

    def read(self, x: Tensor) -> None:
        """Go through the whole graph; what fails is Lost, and only matters where the answer needs it."""
        self.env: dict[fx.Node, Any] = {}
        first = True
        for node in self.traced.nodes:
            if node.op == "placeholder":
                self.env[node] = x if first else node.args[0]
                self.states[node] = Map(INPUT, tuple(range(2, 2 + self.axes))) if first else None
                first = False
                continue
            if node.op == "output":
                self._result = node.args[0]
                continue
            self.states[node] = self._state(node)
            self.recipes.setdefault(node, Recipe("run", tuple(node.all_input_nodes)))

    def outputs(self) -> Iterator[State]:
        """The states of what the network returns, in order."""

        def walk(value: Any) -> Iterator[State]:
            if isinstance(value, fx.Node):
                state = self.states[value]
                yield from state if isinstance(state, list) else [state]
            elif isinstance(value, dict):
                for one in value.values():
                    yield from walk(one)
            elif isinstance(value, list | tuple):
                for one in value:
                    yield from walk(one)

        return walk(self._result)

    def gates(self, kept: Iterable[int]) -> list[str]:
        """A sentence where maps are combined with something made of a whole map."""
        names = [name for step, name in self._gates if step in set(kept)]
        if not names:
            return []
        first = f"{names[0]} combines its map with a value made of a whole map"
        more = f" (so do {len(names) - 1} more)" if len(names) > 1 else ""
        return [f"{first}{more}: through it every unit depends on the whole input. The figures follow the map alone."]

    def notes(self, kept: Iterable[int]) -> list[str]:
        """What else is to be said of the steps that are kept."""
        wanted = set(kept)
        return list(dict.fromkeys(text for step, text in self._notes if step in wanted))

    # ------------------------------------------------------------ one node

    def _state(self, node: fx.Node) -> State:
        states = [self.states[one] for one in node.all_input_nodes]
        for state in states:
            if isinstance(state, Lost):
                return state
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = self.run_node(node)
        except Exception as error:
            words = str(error).strip().split("\n", 1)[0]
            sizes = " and ".join(str(list(v.shape)) for v in self._values(node) if isinstance(v, Tensor))
            return Lost(f"{self._name(node)} cannot take {sizes or 'this input'}: {words}.", _latest(states))
        self.env[node] = value
        places = [state for state in states if isinstance(state, Map | Whole | list)]
        several = isinstance(value, list | tuple) and any(isinstance(one, Tensor) for one in value)
        if not places or not (isinstance(value, Tensor) or several):
            return None  # a size, a number, or a constant
        try:
            return self._rule(node, value)
        except FieldError as error:
            return Lost(str(error), _latest(states))

    def _rule(self, node: fx.Node, value: Any) -> State:
        if node.op == "call_module":
            return self._module(node, self.fetch_attr(str(node.target)), value)
        name = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", node.target))
        name = name.strip("_")
        return self._function(node, name.removesuffix("_"), value)

    def _values(self, node: fx.Node) -> list[Any]:
        return [self.env.get(one) for one in node.all_input_nodes]

    def _sources(self, node: fx.Node) -> list[tuple[fx.Node, Map]]:
        return [(one, state) for one in node.all_input_nodes if isinstance(state := self.states[one], Map)]

    def _whole(self, node: fx.Node) -> State:
        """What is made of everything."""
        return Whole(max(_steps(self.states[one] for one in node.all_input_nodes)))

    def _same(self, node: fx.Node, source: fx.Node) -> State:
        self.recipes[node] = Recipe("same", (source,))
        return self.states[source]

    def _step(
        self, node: fx.Node, type_: str, inputs: tuple[int, ...], layers: tuple[Layer, ...], value: Any, dims: Any
    ) -> Map:
        value = value[0] if isinstance(value, tuple) else value
        sizes = tuple(value.shape[dim] for dim in dims)
        self.steps.append(Step(layers[0].name, type_, inputs, layers, sizes, node))
        return Map(len(self.steps) - 1, tuple(dims))

    def _name(self, node: fx.Node) -> str:
        if node.op == "call_module":
            base = str(node.target)
        else:
            path = next(reversed(node.meta.get("nn_module_stack") or {"": None}))
            what = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", node.target))
            base = f"{path}.{what.strip('_').removesuffix('_')}".strip(".")
        taken = {step.name for step in self.steps}
        names = (base if number == 1 else f"{base} ({number})" for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)

    def _on_places(self, node: fx.Node) -> tuple[fx.Node, Map] | None:
        """The map that a layer of PyTorch reads, its places last as these layers want them."""
        sources = self._sources(node)
        if not sources:
            return None
        source, state = sources[0]
        rank = self.env[source].dim()
        if state.dims != tuple(range(rank - self.axes, rank)):
            raise FieldError(f"{self._name(node)} reads places and channels in another order; it cannot be followed.")
        return source, state

    # ------------------------------------------------------------ modules

    def _module(self, node: fx.Node, module: Any, value: Any) -> State:
        kind = type(module).__name__
        if isinstance(module, nn.MultiheadAttention) or kind.startswith("Transformer"):
            raise FieldError(self._attends(node))
        if isinstance(module, nn.RNNBase | nn.RNNCellBase):
            raise FieldError(f"{self._name(node)} ({kind}) reads all that came before; it has no receptive field.")
        if not self._sources(node):
            return self._whole(node)
        source, state = self._sources(node)[0]
        if windows.is_window(module):
            source, state = self._on_places(node) or (source, state)
            layers = windows.of_module(self._name(node), module, self.axes)
            if isinstance(module, windows.POOLS):
                self.recipes[node] = Recipe("pool", (source,), layers)
            return self._step(node, kind, (state.step,), layers, value, state.dims)
        if kind.startswith("Adaptive") or isinstance(module, nn.Flatten):
            return Whole(state.step) if kind.startswith("Adaptive") else self._shaped(node, value)
        if isinstance(module, nn.Upsample):
            return self._resized(node, module.mode, value)
        if isinstance(module, nn.PixelShuffle | nn.PixelUnshuffle):
            return self._shuffled(node, kind, value)
        if kind.rstrip("d").rstrip("123") in windows.PADS:
            return self._padded(node, module.padding, value)
        if isinstance(module, nn.Linear):
            return self._linear(node, state, value)
        if isinstance(module, nn.Unflatten):
            return self._shaped(node, value)
        if isinstance(module, WHOLE_NORMS) and not isinstance(module, nn.LayerNorm):
            said = f"{kind} counts as pointwise, although its mean and variance are those of the whole map."
            self._notes.append((state.step, said))
        if isinstance(module, nn.ChannelShuffle | nn.GLU):
            return state
        pointwise = isinstance(module, (_NormBase, _DropoutNd, nn.Identity, *NORMS))
        if pointwise or (type(module).__module__ == "torch.nn.modules.activation" and "ax" not in kind[-4:]):
            return self._same(node, source)
        raise FieldError(f"{self._name(node)} ({kind}) is no layer whose reading is known here; it cannot be followed.")

    def _attends(self, node: fx.Node) -> str:
        return (
            f"{self._name(node)} is attention: it weighs places against each other, so that from there on "
            f"a unit may read the whole input, and there is no receptive field."
        )

    def _linear(self, node: fx.Node, state: Map, value: Tensor) -> State:
        return Whole(state.step) if value.dim() - 1 in state.dims else state

    # ------------------------------------------------------------ functions and methods

    def _function(self, node: fx.Node, name: str, value: Any) -> State:
        sources = self._sources(node)
        if name == "getitem" and not sources:
            state = self.states[node.all_input_nodes[0]]
            return state[int(str(node.args[1]))] if isinstance(state, list) else self._whole(node)
        if name in ATTENTION and (
            name.startswith(("shifted", "scaled", "multi"))
            or sum(self.states[one] is not None for one in node.all_input_nodes) > 1
        ):
            raise FieldError(self._attends(node))
        if name in ("cat", "concat", "concatenate"):
            return self._joined(node, sources, value)
        if not sources:
            return self._whole(node)
        source, state = sources[0]
        args, kwargs = self.fetch_args_kwargs_from_env(node)
        if name in ("contiguous", "clone"):
            return state  # what comes after may need it in memory as it is
        if name in POINTWISE:
            return self._same(node, source)
        if name in JOINING:
            return self._added(node, sources, value, name)
        if name in windows.SIGNATURES:
            self._on_places(node)
            layers = windows.of_function(self._name(node), name, args, kwargs, self.axes)
            if "pool" in name:
                self.recipes[node] = Recipe("pool", (source,), layers)
            return self._step(node, name, (state.step,), layers, value, state.dims)
        if name.startswith("adaptive"):
            return Whole(state.step)
        if name in ("interpolate", "upsample"):
            mode = kwargs.get("mode", args[3] if len(args) > 3 else "nearest")
            if kwargs.get("align_corners"):
                self._notes.append((len(self.steps), f"{self._name(node)} aligns corners; its jump is not quite even."))
            return self._resized(node, mode, value)
        if name == "pad":
            return self._padded(node, args[1] if len(args) > 1 else kwargs["pad"], value)
        if name in ("pixel_shuffle", "pixel_unshuffle"):
            return self._shuffled(node, name, value)
        if name == "linear":
            return self._linear(node, state, value)
        if name in TURNING:
            return Map(state.step, self._turned(node, state))
        if name in SHAPING:
            return self._shaped(node, value)
        if name in PARTING:
            parts = [Map(state.step, state.dims)] * len(value)
            kept = all(one.dim() == self.env[source].dim() for one in value)
            same = kept and all(one.shape[dim] == self.env[source].shape[dim] for one in value for dim in state.dims)
            if not same:
                raise FieldError(f"{self._name(node)} parts a map in space; its parts cannot be followed.")
            return list(parts)
        if name == "getitem":
            return self._taken(node, source, state, value)
        if name in SUMMING:
            return self._summed(node, source, state, value)
        if name in ("expand", "repeat", "expand_as", "channel_shuffle", "glu") and all(
            dim < value.dim() and value.shape[dim] == self.env[source].shape[dim] for dim in state.dims
        ):
            return state
        raise FieldError(f"{self._name(node)} ({name}) is nothing whose reading is known here; it cannot be followed.")

    def _joined(self, node: fx.Node, sources: list[tuple[fx.Node, Map]], value: Tensor) -> State:
        """`cat`: along the channels it is a union; a part without places counts for no reading."""
        if not sources:
            return self._whole(node)
        args, kwargs = self.fetch_args_kwargs_from_env(node)
        along = (args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))) % value.dim()
        state = sources[0][1]
        if along in state.dims:
            raise FieldError(f"{self._name(node)} puts maps side by side; what their units read cannot be followed.")
        parts: list[fx.Node] = list(node.args[0] if node.args else node.kwargs["tensors"])  # type: ignore[arg-type]
        if any(isinstance(self.states[part], Whole) for part in parts):
            self._gates.append((len(self.steps), self._name(node)))
        channels = tuple((part, self.env[part].shape[along], self.states[part] is not None) for part in parts)
        kept = tuple(part for part in parts if not isinstance(self.states[part], Whole))
        self.recipes[node] = Recipe("cat", kept, (along, channels))
        layers = (Layer(self._name(node), 1, kind="cat"),) * self.axes
        inputs = tuple(dict.fromkeys(one.step for _, one in sources))
        return self._step(node, "cat", inputs, layers, value, state.dims)

    def _added(self, node: fx.Node, sources: list[tuple[fx.Node, Map]], value: Tensor, name: str) -> State:
        """Sums and products: a union of what both read; a value made of a whole map is only a gate."""
        source, state = max(sources, key=lambda one: self.env[one[0]].dim())
        if any(isinstance(self.states[one], Whole) for one in node.all_input_nodes):
            self._gates.append((state.step, self._name(node)))
        inputs = tuple(dict.fromkeys(one.step for _, one in sources))
        if len(inputs) == 1:
            return self._same(node, source)
        self.recipes[node] = Recipe("sum", tuple(one for one, _ in sources))
        kind = {"iadd": "add", "imul": "mul", "isub": "sub"}.get(name, name)
        layers = (Layer(self._name(node), 1, kind="add"),) * self.axes
        return self._step(node, kind, inputs, layers, value, state.dims)

    def _resized(self, node: fx.Node, mode: str, value: Tensor) -> State:
        source, state = self._on_places(node) or self._sources(node)[0]
        before = [self.env[source].shape[dim] for dim in state.dims]
        after = [value.shape[dim] for dim in state.dims]
        if before == after:
            return self._same(node, source)
        layers = windows.of_resizing(self._name(node), mode, before, after)
        return self._step(node, "Upsample", (state.step,), layers, value, state.dims)

    def _shuffled(self, node: fx.Node, kind: str, value: Tensor) -> State:
        source, state = self._on_places(node) or self._sources(node)[0]
        small, large = sorted((self.env[source].shape[-1], value.shape[-1]))
        kind_ = "conv" if "nshuffle" in kind else "transposed"
        layers = (Layer(self._name(node), large // small, large // small, kind=kind_),) * self.axes
        return self._step(node, kind, (state.step,), layers, value, state.dims)

    def _padded(self, node: fx.Node, pairs: Sequence[int], value: Tensor) -> State:
        source, state = self._sources(node)[0]
        layers = windows.of_padding(self._name(node), pairs, self.axes, state.dims, self.env[source].dim())
        if all(layer.padding == layer.padding_after == 0 for layer in layers):
            return state
        return self._step(node, "pad", (state.step,), layers, value, state.dims)

    def _taken(self, node: fx.Node, source: fx.Node, state: Map, value: Tensor) -> State:
        """Slices: whole dimensions, every second cell, borders cut off."""
        index = self.fetch_args_kwargs_from_env(node)[0][1]
        index = index if isinstance(index, tuple) else (index,)
        rank, name = self.env[source].dim(), self._name(node)
        if any(one is not Ellipsis and not isinstance(one, slice | int) for one in index):
            raise FieldError(f"{name} picks cells one by one; it cannot be followed.")
        if Ellipsis in index:
            at = index.index(Ellipsis)
            index = index[:at] + (slice(None),) * (rank - len(index) + 1) + index[at + 1 :]
        index = index + (slice(None),) * (rank - len(index))
        if any(isinstance(index[dim], int) for dim in state.dims):
            return Whole(state.step)
        gone = [dim for dim, one in enumerate(index) if isinstance(one, int)]
        dims = tuple(dim - sum(one < dim for one in gone) for dim in state.dims)
        if all(index[dim] == slice(None) for dim in state.dims):
            return Map(state.step, dims)
        sizes = [self.env[source].shape[dim] for dim in state.dims]
        layers = windows.of_slices(name, [index[dim] for dim in state.dims], sizes)
        return self._step(node, "slice", (state.step,), layers, value, dims)

    def _summed(self, node: fx.Node, source: fx.Node, state: Map, value: Any) -> State:
        """A mean over channels keeps the places; one over places is global."""
        args, kwargs = self.fetch_args_kwargs_from_env(node)
        value = value[0] if isinstance(value, tuple) else value
        over, rank = kwargs.get("dim", args[1] if len(args) > 1 else None), self.env[source].dim()
        gone = {one % rank for one in ((over,) if isinstance(over, int) else over or range(rank))}
        if gone & set(state.dims):
            return Whole(state.step)
        kept = value.dim() == rank
        return Map(state.step, state.dims if kept else tuple(d - sum(g < d for g in gone) for d in state.dims))

    def _turned(self, node: fx.Node, state: Map) -> tuple[int, ...]:
        """Where the places are after the dimensions changed order: told apart by sizes that are all different."""
        (source, _), *_ = self._sources(node)
        rank = self.env[source].dim()
        kept, self.env[source] = self.env[source], torch.empty(*range(2, 2 + rank), device="meta")
        try:
            turned = self.run_node(node)
        finally:
            self.env[source] = kept
        return tuple(list(turned.shape).index(2 + dim) for dim in state.dims)

    def _shaped(self, node: fx.Node, value: Tensor) -> State:
        """A new shape that leaves the places apart keeps the map; one that merges them flattens it."""
        source, state = self._sources(node)[0]
        before, after = list(self.env[source].shape), list(value.shape)
        first, last = state.dims[0], state.dims[-1]
        tail = before[first:]
        if list(state.dims) != list(range(first, last + 1)):
            raise FieldError(f"{self._name(node)} gives a map another shape; it cannot be followed.")
        if len(after) >= len(tail) and after[len(after) - len(tail) :] == tail:
            moved = len(after) - len(before)
            return Map(state.step, tuple(dim + moved for dim in state.dims))
        if after[: last + 1] == before[: last + 1]:
            return Map(state.step, state.dims)
        return Whole(state.step)


def _steps(states: Iterable[State]) -> Iterator[int]:
    for state in states:
        if isinstance(state, Map | Whole):
            yield state.step
        elif isinstance(state, list):
            yield from _steps(state)


def _latest(states: Iterable[State]) -> int | None:
    return max(_steps(states), default=None)
