# SPDX-License-Identifier: Apache-2.0
"""What the tests of `actbench accuracy` and `actbench certificates` share. They are run as those of command_case.py."""
import json
import os

from command_case import CommandTest, server_program
from server_process import ServerProcess

# Of the JSON of a kernel, in order.
MEMBERS = ["kernel", "device", "parameters", "mode", "checked", "max_ulp", "mean_ulp", "misrounded", "worst",
           "wrong_nan", "wrong_inf", "spurious_zero", "wrong_sign", "falls", "output_hash", "seconds", "decided_by",
           "build_id", "time", "certificate", "binades", "special_values", "claim"]


class AccuracyTest(CommandTest):
    """Each test has a state directory of its own."""

    def setUp(self):
        super().setUp()
        previous = os.environ["ACTBENCH_STATE_DIR"]
        self.addCleanup(os.environ.__setitem__, "ACTBENCH_STATE_DIR", previous)
        os.environ["ACTBENCH_STATE_DIR"] = self.path("state")

    def start_server(self, *flags):
        server = ServerProcess(server_program, *flags)
        self.addCleanup(server.stop)
        return server

    def measure(self, *arguments):
        return json.loads(self.succeed("accuracy", *arguments, "--json", "-"))
