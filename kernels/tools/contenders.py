# SPDX-License-Identifier: Apache-2.0
"""What kernels/tools/frameworks.py lets run side by side: our catalog's kernels, and each framework's own way to
compute an activation. A framework's class has a `name` and, once made, a `version`; `make(case, n)` gives a Contender
or, where there is no such function, None.
"""
import dataclasses
import typing

import numpy

import c_library

STORAGE = {"f32": numpy.dtype("float32"), "f16": numpy.dtype("float16"), "bf16": numpy.dtype("uint16")}


class Case(typing.NamedTuple):
    activation: str
    direction: str
    dtype: str

    @property
    def inputs(self):
        return 2 if self.direction == "gradient" else 1


@dataclasses.dataclass
class Contender:
    """One way to compute a case for n elements, always the same number."""
    name: str
    load: typing.Callable  # takes the inputs, as arrays of STORAGE
    run: typing.Callable  # computes so many times, and returns what the framework does
    output: typing.Callable  # makes of that an array of STORAGE

    def evaluate(self, inputs):
        self.load(inputs)
        return self.output(self.run(1))


def repeated(call):
    def run(calls):
        for _ in range(calls):
            result = call()
        return result
    return run


def copy_into(buffers):
    def load(arrays):
        for buffer, array in zip(buffers, arrays):
            numpy.copyto(buffer, array)
    return load


def aligned(n, storage):
    """An array that begins with a line of the cache, as those of the frameworks do."""
    memory = numpy.zeros(n * storage.itemsize + 64, dtype=numpy.uint8)
    start = -memory.ctypes.data % 64
    return memory[start:start + n * storage.itemsize].view(storage)


class Catalog:
    """The kernels of one provider in our own catalog. They are repeated within the library."""

    def __init__(self, library, provider, tier="native", isa=""):
        self.library, self.name, self.tier, self.isa = library, provider, tier, isa

    def kernel_name(self, case):
        return self.library.widest(*case, self.name, self.tier, self.isa)

    def make(self, case, n):
        name = self.kernel_name(case)
        if name is None:
            return None
        kernel = c_library.Kernel(self.library, name)
        inputs = [aligned(n, STORAGE[case.dtype]) for _ in range(case.inputs)]
        output = aligned(n, STORAGE[case.dtype])
        from_pointers, to_pointers = c_library.pointers(inputs), c_library.pointers([output])
        return Contender(self.name, copy_into(inputs), lambda calls: kernel.run(from_pointers, to_pointers, n, calls),
                         lambda _: output)


class Copy:
    """memcpy of as many elements."""
    name = "copy"

    def __init__(self, library):
        self.library = library

    def make(self, case, n):
        source, target = (aligned(n, STORAGE[case.dtype]) for _ in range(2))
        addresses = source.ctypes.data, target.ctypes.data, target.nbytes
        return Contender(self.name, copy_into([source]),
                         lambda calls: self.library.functions.actbench_copy(*addresses, calls), lambda _: target)


class Torch:
    """Kernels of ATen that write to a given tensor, without autograd. Where a gradient starts from what the forward
    function has stored, that runs too."""
    name = "torch"

    def __init__(self):
        import torch
        self.torch, self.version = torch, torch.__version__
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)

    def forward(self, activation):
        torch, nn, aten = self.torch, self.torch._C._nn, self.torch.ops.aten
        return {
            "sigmoid": lambda x, y: torch.sigmoid(x, out=y),
            "tanh": lambda x, y: torch.tanh(x, out=y),
            "silu": lambda x, y: nn.silu(x, out=y),
            "gelu_erf": lambda x, y: nn.gelu(x, out=y),
            "gelu_tanh": lambda x, y: nn.gelu(x, approximate="tanh", out=y),
            "mish": lambda x, y: nn.mish(x, out=y),
            "softplus": lambda x, y: nn.softplus(x, out=y),
            "elu": lambda x, y: aten.elu.out(x, out=y),
            "log_sigmoid": lambda x, y: nn.log_sigmoid(x, out=y),
            "relu": lambda x, y: torch.clamp_min(x, 0, out=y),  # what relu calls; relu.out makes a copy besides
            "relu6": lambda x, y: nn.hardtanh(x, 0, 6, out=y),
            "leaky_relu": lambda x, y: nn.leaky_relu(x, 0.01, out=y),
            "hard_sigmoid": lambda x, y: nn.hardsigmoid(x, out=y),
            "hard_swish": lambda x, y: nn.hardswish(x, out=y),
            "hard_tanh": lambda x, y: nn.hardtanh(x, -1, 1, out=y),
        }.get(activation)

    def gradient(self, activation, stored):
        """`stored` are two tensors for what the forward function keeps."""
        torch, aten = self.torch, self.torch.ops.aten
        y, buffer = stored

        def after(forward, backward):
            def call(x, dy, dx):
                forward(x)
                return backward(x, dy, dx)
            return call

        return {
            "sigmoid": after(lambda x: torch.sigmoid(x, out=y),
                             lambda x, dy, dx: aten.sigmoid_backward.grad_input(dy, y, grad_input=dx)),
            "tanh": after(lambda x: torch.tanh(x, out=y),
                          lambda x, dy, dx: aten.tanh_backward.grad_input(dy, y, grad_input=dx)),
            "log_sigmoid": after(lambda x: aten.log_sigmoid_forward.output(x, output=y, buffer=buffer),
                                 lambda x, dy, dx: aten.log_sigmoid_backward.grad_input(dy, x, buffer, grad_input=dx)),
            "silu": lambda x, dy, dx: aten.silu_backward.grad_input(dy, x, grad_input=dx),
            "gelu_erf": lambda x, dy, dx: aten.gelu_backward.grad_input(dy, x, grad_input=dx),
            "gelu_tanh": lambda x, dy, dx: aten.gelu_backward.grad_input(dy, x, approximate="tanh", grad_input=dx),
            "softplus": lambda x, dy, dx: aten.softplus_backward.grad_input(dy, x, 1, 20, grad_input=dx),
            "elu": lambda x, dy, dx: aten.elu_backward.grad_input(dy, 1, 1, 1, False, x, grad_input=dx),
            "mish": lambda x, dy, dx: aten.mish_backward.default(dy, x),  # has no variant that writes to a tensor
        }.get(activation)

    def make(self, case, n):
        torch = self.torch
        dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[case.dtype]
        tensors = [torch.zeros(n, dtype=dtype) for _ in range(case.inputs + 1)]
        stored = [torch.empty(n, dtype=dtype) for _ in range(2)]
        gradient = case.direction == "gradient"
        function = self.gradient(case.activation, stored) if gradient else self.forward(case.activation)
        if function is None:
            return None
        bits = torch.int16 if case.dtype == "bf16" else dtype
        array = lambda tensor: tensor.view(bits).numpy().view(STORAGE[case.dtype])
        return Contender(self.name, copy_into([array(tensor) for tensor in tensors[:-1]]),
                         repeated(lambda: function(*tensors)), array)


class Jax:
    """Compiled functions of jax.nn; gradients are their vjp."""
    name = "jax"

    def __init__(self):
        import jax
        self.jax, self.version = jax, jax.__version__
        jax.config.update("jax_cpu_enable_async_dispatch", False)

    def function(self, activation):
        nn = self.jax.nn
        return {"tanh": self.jax.numpy.tanh, "gelu_erf": lambda x: nn.gelu(x, approximate=False),
                "gelu_tanh": lambda x: nn.gelu(x, approximate=True)}.get(activation) or getattr(nn, activation, None)

    def make(self, case, n):
        jax = self.jax
        function = self.function(case.activation)
        if function is None:
            return None
        compiled = jax.jit(function if case.direction == "forward" else lambda x, dy: jax.vjp(function, x)[1](dy)[0])
        dtype = jax.numpy.bfloat16 if case.dtype == "bf16" else STORAGE[case.dtype]
        inputs = [jax.numpy.zeros(n, dtype)] * case.inputs

        def load(arrays):
            inputs[:] = [jax.device_put(array.view(dtype).copy()) for array in arrays]

        return Contender(self.name, load, repeated(lambda: compiled(*inputs).block_until_ready()),
                         lambda result: numpy.asarray(result).view(STORAGE[case.dtype]))


class OnnxRuntime:
    """A graph of the activation alone, with inputs and outputs bound. It has no gradients."""
    name = "onnxruntime"
    CLIP = "low = Constant<value_float={}>() high = Constant<value_float={}>() y = Clip(x, low, high)"
    GRAPHS = {
        "sigmoid": "y = Sigmoid(x)",
        "tanh": "y = Tanh(x)",
        "silu": "s = Sigmoid(x) y = Mul(x, s)",
        "gelu_erf": "y = Gelu(x)",
        "gelu_tanh": 'y = Gelu<approximate="tanh">(x)',
        "mish": "y = Mish(x)",
        "softplus": "y = Softplus(x)",
        "elu": "y = Elu(x)",
        "log_sigmoid": "n = Neg(x) s = Softplus(n) y = Neg(s)",
        "relu": "y = Relu(x)",
        "relu6": CLIP.format("0.0", "6.0"),
        "leaky_relu": "y = LeakyRelu<alpha=0.01>(x)",
        "hard_sigmoid": "y = HardSigmoid<alpha=0.16666667, beta=0.5>(x)",
        "hard_swish": "y = HardSwish(x)",
        "hard_tanh": CLIP.format("-1.0", "1.0"),
    }

    def __init__(self):
        import onnx.parser
        import onnxruntime
        self.parse, self.runtime, self.version = onnx.parser.parse_model, onnxruntime, onnxruntime.__version__

    def make(self, case, n):
        graph = self.GRAPHS.get(case.activation)
        if graph is None or case.direction == "gradient" or case.dtype != "f32":
            return None
        model = self.parse(f'<ir_version: 9, opset_import: ["": 20]> g (float[{n}] x) => (float[{n}] y) {{ {graph} }}')
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = self.runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        binding = session.io_binding()
        x, y = (aligned(n, STORAGE["f32"]) for _ in range(2))
        value = self.runtime.OrtValue.ortvalue_from_numpy  # in the same memory
        binding.bind_ortvalue_input("x", value(x))
        binding.bind_ortvalue_output("y", value(y))
        return Contender(self.name, copy_into([x]), repeated(lambda: session.run_with_iobinding(binding)), lambda _: y)


class OpenVino:
    """A model of the activation alone, in f32. It has no gradients."""
    name = "openvino"

    def __init__(self):
        import openvino
        import openvino.opset15
        self.openvino, self.ops, self.version = openvino, openvino.opset15, openvino.__version__.split("-")[0]

    def graph(self, activation, x):
        ops = self.ops
        return {
            "silu": lambda: ops.swish(x),
            "gelu_erf": lambda: ops.gelu(x, "erf"),
            "gelu_tanh": lambda: ops.gelu(x, "tanh"),
            "softplus": lambda: ops.softplus(x),
            "elu": lambda: ops.elu(x, 1.0),
            "log_sigmoid": lambda: ops.negative(ops.softplus(ops.negative(x))),
            "relu6": lambda: ops.clamp(x, 0.0, 6.0),
            "leaky_relu": lambda: ops.prelu(x, ops.constant(numpy.array([0.01], numpy.float32))),
            "hard_sigmoid": lambda: ops.hsigmoid(x),
            "hard_swish": lambda: ops.hswish(x),
            "hard_tanh": lambda: ops.clamp(x, -1.0, 1.0),
            **{name: lambda name=name: getattr(ops, name)(x) for name in ("sigmoid", "tanh", "mish", "relu")},
        }.get(activation)

    def make(self, case, n):
        parameter = self.ops.parameter([n], numpy.float32)
        graph = self.graph(case.activation, parameter)
        if graph is None or case.direction == "gradient" or case.dtype != "f32":
            return None
        model = self.openvino.Model([graph()], [parameter])
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
                    "ENABLE_CPU_PINNING": False}
        request = self.openvino.compile_model(model, "CPU", settings).create_infer_request()
        x, y = (aligned(n, STORAGE["f32"]) for _ in range(2))
        request.set_input_tensor(self.openvino.Tensor(x, shared_memory=True))
        request.set_output_tensor(self.openvino.Tensor(y, shared_memory=True))
        return Contender(self.name, copy_into([x]), repeated(lambda: request.infer(share_outputs=True)), lambda _: y)


FRAMEWORKS = {framework.name: framework for framework in (Torch, Jax, OnnxRuntime, OpenVino)}
