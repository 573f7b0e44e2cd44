#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plug-ins in the programs: their kernels are listed, evaluated, certified and counted as all others are. Usage:
plugin_command_test.py ACTBENCH_PROGRAM ACTBENCH_SERVER_PROGRAM DATA_DIRECTORY PLUGINS_DIRECTORY OWN_PLUGIN"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from accuracy_case import AccuracyTest
from command_case import run, server_program

plugins_directory, own_plugin = sys.argv[1:3]
del sys.argv[1:3]


def plugin(name):
    return os.path.join(plugins_directory, name + ".so")


class PluginTest(AccuracyTest):

    def start_server(self, *flags):
        server = super().start_server("--state_dir", self.path("state"), *flags)
        self.connection = ["--server", server.address]
        return server

    def lines(self, *arguments):
        return self.succeed(*arguments).splitlines()

    def test_its_kernels_are_listed(self):
        without = self.lines("list", "--kernels")
        self.assertNotIn("fast_sigmoid", "".join(without))
        listed = self.lines("--plugin", plugin("fast_sigmoid"), "--plugin", plugin("good"), "list", "--kernels")
        self.assertEqual(sorted(set(line.split()[0] for line in listed) - set(line.split()[0] for line in without)),
                         ["leaky_relu/forward/f32/good/native/scalar", "relu/forward/bf16/good/native/scalar",
                          "sigmoid/forward/f32/fast_sigmoid/native/scalar"])

    def test_it_is_evaluated_if_it_is_asked_for(self):
        arguments = ["--plugin", plugin("fast_sigmoid"), "eval", "sigmoid", "--values=0,2,inf,nan"]
        self.assertEqual(self.succeed(*arguments), self.succeed(*arguments[2:]))
        self.assertRegex(self.succeed(*arguments, "--provider", "fast_sigmoid"), r"^0\.5 0\.88\d+ 1 nan\n$")
        self.assertIn('"sigmoid/forward/f32/fast_sigmoid/native/scalar"',
                      self.succeed(*arguments, "--provider", "fast_sigmoid", "--json"))
        self.assertRegex(self.succeed(*arguments, "--provider", "fast_sigmoid", "--check"), r"error: max \d\.\d+e\+03 ulp")

    def test_flags_may_stand_in_any_place_and_come_from_the_environment(self):
        values = ["eval", "leaky_relu", "--values=-2", "--param", "negative_slope=0.5", "--provider"]
        self.assertEqual(self.succeed(*values, "good", "--plugin", plugin("good")), "-1\n")
        two = f"a={plugin('good')},b={plugin('good')}"
        self.assertEqual(self.succeed("--plugin", two, *values, "b"), "-1\n")
        self.assertEqual(self.succeed(*values, "a", env={"ACTBENCH_PLUGIN": two}), "-1\n")
        self.start_server("--plugin", plugin("fast_sigmoid"), "--plugin=" + two)
        self.assertEqual(self.succeed(*self.connection, *values, "b"), "-1\n")

    def test_what_is_wrong_is_one_line_and_status_2(self):
        for name, reason in [("wrong_version", "ABI version 2; this program takes 1"), ("no_symbol", "exports no function"),
                             ("illegal", "this processor lacks"), ("missing", "o such file")]:
            for error in [self.fail_with("--plugin", plugin(name), "list"),
                          self.fail_with("list", env={"ACTBENCH_PLUGIN": plugin(name)})]:
                self.assertIn(f"plug-in {plugin(name)}: ", error)
                self.assertIn(reason, error)
            server = subprocess.run([server_program, "--address", "127.0.0.1:0", "--plugin", plugin(name)],
                                    capture_output=True, text=True, timeout=100)
            self.assertEqual((server.returncode, server.stdout), (2, ""))
            self.assertRegex(server.stderr, f"^\\S+ error plug-in {plugin(name)}: .*{reason}.*\n$")
        self.assertIn("its name is \"actbench\"", self.fail_with("--plugin", "actbench=" + plugin("good"), "list"))
        self.assertIn("--plugin: must not be empty", self.fail_with("--plugin", "", "list"))

    def test_with_a_server_elsewhere_it_is_wrong_usage(self):
        self.assertRegex(self.fail_with("--server", "localhost:1", "--plugin", plugin("good"), "list"),
                         "actbench: --plugin: kernels are added to this process, but the server at localhost:1 does")
        self.assertIn("ACTBENCH_PLUGIN: kernels are added",
                      self.fail_with("list", "--server", "localhost:1", env={"ACTBENCH_PLUGIN": plugin("good")}))
        self.fail_with("health", "--plugin", plugin("good"), env={"ACTBENCH_SERVER": "localhost:1"}, status=1)

    def test_kernels_that_cannot_run_here_are_left_out_and_that_is_told(self):
        result = run("--plugin", plugin("foreign_isa"), "list", "--kernels")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout.count("foreign_isa"), 2)
        self.assertRegex(result.stderr, r"^actbench: warning: plug-in foreign_isa: its kernels for \w+ \(1 of 3\) are left out,.*\n$")
        server = self.start_server("--plugin", plugin("foreign_isa"))
        self.assertEqual(run(*self.connection, "list", "--kernels").stderr, result.stderr)
        server.stop()

    def test_it_is_benchmarked_in_workers_that_load_it_too(self):
        arguments = ["bench", "sigmoid", "--provider", "fast_sigmoid", "--size", "100", "--time", "0.02", "--processes", "2"]
        lease = {"ACTBENCH_LEASE_FILE": self.path("lease")}
        self.assertIn("sigmoid/forward/f32/fast_sigmoid/native/scalar ",
                      self.succeed("--plugin", plugin("fast_sigmoid"), *arguments, env=lease))
        os.environ.update(lease)
        self.addCleanup(os.environ.pop, "ACTBENCH_LEASE_FILE")
        self.start_server("--plugin", plugin("fast_sigmoid"))
        self.assertIn("sigmoid/forward/f32/fast_sigmoid/native/scalar ", self.succeed(*self.connection, *arguments))

    def test_a_server_certifies_and_counts_it(self):
        server = self.start_server("--plugin", plugin("good"), "--self_check", "true")
        arguments = [*self.connection, "accuracy", "relu", "--dtype", "bf16", "--provider", "good"]
        self.assertIn(" 0 ", self.succeed(*arguments))
        self.assertIn("(certificate of ", self.succeed(*arguments))
        self.succeed(*self.connection, "eval", "relu", "--dtype", "bf16", "--provider", "good", "--values=-1,2")
        labels = 'activation="relu",device="cpu",direction="forward",dtype="bf16",isa="scalar",provider="good"'
        server.wait_for_metric(f'actbench_kernel_elements_total{{{labels},tier="native"}}', 2)
        server.wait_for_metric(f'actbench_accuracy_max_ulp{{{labels},source="certificate",tier="native"}}', 0)
        server.wait_for_metric(f'actbench_accuracy_max_ulp{{{labels},source="self_check",tier="native"}}', 0)

    def certify(self, file, *arguments):
        return self.succeed("--plugin", file, "accuracy", "relu", "--dtype", "bf16", "--provider", "good", *arguments)

    def test_a_certificate_is_stale_when_the_file_changes(self):
        file = self.path("x.so")
        shutil.copy(plugin("good"), file)
        self.assertNotIn("(certificate of ", self.certify(file))
        self.assertIn("(certificate of ", self.certify(file))
        self.assertIn("(certificate of ", self.certify(plugin("good")))  # the same, elsewhere
        # Without the plug-in nothing vouches for it.
        self.assertRegex(self.lines("certificates", "list")[1], "relu/forward/bf16/good/native/scalar .* stale *$")
        self.assertNotIn("stale", self.succeed("--plugin", file, "certificates", "list"))
        # Another plug-in of that name.
        changed = self.path("y.so")
        with open(file, "rb") as old, open(changed, "wb") as new:
            new.write(old.read() + b"changed")
        self.assertRegex(self.succeed("--plugin", changed, "certificates", "list"), " stale *\n$")
        self.assertNotIn("(certificate of ", self.certify(changed))
        self.assertIn("(certificate of ", self.certify(changed))
        ids = [json.loads(self.certify(x, "--json", "-"))[0]["build_id"] for x in [file, changed]]
        self.assertNotEqual(ids[0], ids[1])
        # The same plug-in by another name is another provider.
        self.assertNotIn("(certificate of ", self.succeed("--plugin", "good=" + changed, "--plugin", "other=" + file, "accuracy",
                                                          "relu", "--dtype", "bf16", "--provider", "other"))

    def test_certificates_of_our_own_kernels_stay_what_they_are(self):
        arguments = ["accuracy", "relu", "--dtype", "bf16", "--isa", "scalar"]
        self.succeed(*arguments)
        self.assertIn("(certificate of ", self.succeed("--plugin", plugin("good"), *arguments))
        self.succeed("--plugin", plugin("good"), *arguments, "--exhaustive")
        self.assertNotIn("stale", self.succeed("certificates", "list"))

    def test_two_builds_of_our_own_kernels_are_compared_in_one_process(self):
        kernels = [f"sigmoid/forward/bf16/{name}/fast/scalar" for name in ["base", "head"]]
        output = self.succeed("--plugin", f"base={own_plugin},head={own_plugin}", "accuracy", "--compare", *kernels)
        self.assertIn("all 65,536 outputs have the same bits", output)


if __name__ == "__main__":
    unittest.main()
