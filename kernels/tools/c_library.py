# SPDX-License-Identifier: Apache-2.0
"""The kernels of kernels/c_library.cc in Python. Buffers are numpy arrays, those of bf16 of its bits (uint16)."""
import ctypes

import numpy

_POINTERS = ctypes.POINTER(ctypes.c_void_p)


def pointers(arrays):
    """The addresses of arrays, as the library takes them. The arrays must outlive the result."""
    assert all(array.flags.c_contiguous for array in arrays)
    return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))


class Library:

    def __init__(self, path):
        self.functions = ctypes.CDLL(path)
        for name, result, *arguments in [
                ("kernel_names", ctypes.c_char_p),
                ("prepare", ctypes.c_void_p, ctypes.c_char_p),
                ("release", None, ctypes.c_void_p),
                ("run", None, ctypes.c_void_p, _POINTERS, _POINTERS, ctypes.c_size_t, ctypes.c_size_t),
                ("max_ulp", ctypes.c_double, ctypes.c_void_p, _POINTERS, ctypes.c_void_p, ctypes.c_size_t,
                 ctypes.POINTER(ctypes.c_size_t)),
                ("copy", None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)]:
            function = getattr(self.functions, "actbench_" + name)
            function.restype, function.argtypes = result, arguments
        self.kernel_names = self.functions.actbench_kernel_names().decode().split()

    def widest(self, activation, direction, dtype, provider, tier, isa=""):
        """The name of the kernel for the widest instruction set, or for `isa`; None if there is none."""
        prefix = f"{activation}/{direction}/{dtype}/{provider}/{tier}/{isa}"
        return next((name for name in self.kernel_names if name.startswith(prefix)), None)


class Kernel:
    """A kernel with its default parameters. It takes the inputs that its activation and direction have: x [, gate]
    [, dy]."""

    def __init__(self, library, name):
        self._functions = library.functions
        self._kernel = self._functions.actbench_prepare(name.encode())
        if not self._kernel:
            raise KeyError(f"there is no kernel {name}; Library.kernel_names has those that there are")

    def __del__(self):
        if getattr(self, "_kernel", None):
            self._functions.actbench_release(self._kernel)

    def run(self, inputs, outputs, n, calls=1):
        """Computes n elements `calls` times; inputs and outputs are from pointers()."""
        self._functions.actbench_run(self._kernel, inputs, outputs, n, calls)

    def max_ulp(self, inputs, output):
        """The largest error in ulp of results at these inputs, whoever computed them, and its index."""
        index = ctypes.c_size_t()
        ulp = self._functions.actbench_max_ulp(self._kernel, pointers(inputs), output.ctypes.data, output.size, index)
        return ulp, index.value
