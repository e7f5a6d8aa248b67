"""PyTorch's functions and methods by what they do to places. Names without underscores at their ends."""

POINTWISE = set(
    """relu relu6 gelu silu sigmoid tanh hardswish hardsigmoid hardtanh leaky_relu elu selu celu mish softplus prelu
    rrelu softsign tanhshrink hardshrink softshrink threshold logsigmoid log exp sqrt rsqrt abs neg clamp clamp_min clip
    detach to float double half type type_as dropout dropout1d dropout2d feature_dropout alpha_dropout
    stochastic_depth batch_norm layer_norm group_norm instance_norm local_response_norm rms_norm pow square sin cos erf
    nan_to_num""".split()  # noqa: SIM905
)
JOINING = set(
    """add iadd sub isub mul imul truediv itruediv div maximum minimum multiply subtract where rsub""".split()  # noqa: SIM905
)
ATTENTION = set(
    """matmul bmm baddbmm einsum scaled_dot_product_attention multi_head_attention_forward
    shifted_window_attention""".split()  # noqa: SIM905
)
"""What weighs places by each other, where two of its inputs come from a map."""
TURNING = {"permute", "transpose", "movedim", "moveaxis", "swapaxes", "swapdims"}
SHAPING = {"view", "reshape", "flatten", "squeeze", "unsqueeze", "unflatten"}
PARTING = {"chunk", "split", "tensor_split", "unbind"}
SUMMING = {"mean", "sum", "amax", "amin", "max", "min", "var", "std", "logsumexp"}
