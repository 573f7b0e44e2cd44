#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command and servers: those of others, those that are not there, and those that go away."""
import concurrent.futures
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

import grpc
import numpy

from command_case import CommandTest, actbench_program, run, server_program
from server_process import ServerProcess

BUSY = "actbench_worker_threads_busy"


def on_one_processor():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class ServerTest(CommandTest):

    def test_where_no_server_is_the_error_names_it_at_once(self):
        with socket.socket() as listener:  # bound, but not listening
            listener.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            start = time.monotonic()
            for arguments in [["--server", address, "list"], ["list", "--server", address]]:
                error = self.fail_with(*arguments)
                self.assertIn(address, error)
                self.assertIn("actbench-server --address", error)
            self.assertIn(address, self.fail_with("eval", "relu", "--values", "1", env={"ACTBENCH_SERVER": address}))
            self.fail_with("--server", address, "health", status=2)
            self.assertLess(time.monotonic() - start, 8)
        with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts, but says nothing
            start = time.monotonic()
            address = f"127.0.0.1:{mute.getsockname()[1]}"
            self.assertIn("500ms", self.fail_with("--server", address, "--timeout", "0.5", "list"))
            self.assertLess(time.monotonic() - start, 2)
        self.fail_with("--server", "unix:" + self.path("no_socket"), "list")

    def test_help_works_whatever_the_environment_has(self):
        for arguments in [["--help"], ["eval", "--help"], ["certificates", "list", "--help"]]:
            for name, value in [("ACTBENCH_SERVER", "bad"), ("ACTBENCH_TIMEOUT", "x")]:
                self.assertEqual(self.succeed(*arguments, env={name: value}), self.succeed(*arguments))
        server = lambda *arguments, **env: subprocess.run([server_program, *arguments], capture_output=True, text=True,
                                                          timeout=100, env={**os.environ, **env})
        result = server("--help", ACTBENCH_THREADS="abc")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--threads", result.stdout)
        # What is wrong with a variable is told of that.
        for name, value, reason in [("ACTBENCH_THREADS", "abc", ': "abc" is not a whole number'),
                                    ("ACTBENCH_ADDRESS", "bad", '.*"bad"')]:
            result = server(**{name: value})
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stderr, name + reason)
        self.assertRegex(server("--threads=x", ACTBENCH_THREADS="y").stderr, r'--threads: "x"')

    def test_unix_sockets_and_the_environment(self):
        server = ServerProcess(server_program, address="unix:" + self.path("socket"))
        self.addCleanup(server.stop)
        self.assertEqual(self.succeed("eval", "relu", "--values", "2", env={"ACTBENCH_SERVER": server.address}), "2\n")

    def test_large_tensors_are_split_invisibly(self):
        server = ServerProcess(server_program, "--max_tensor_elements", "1000")
        self.addCleanup(server.stop)
        path = self.save("x.npy", numpy.linspace(-5, 5, 3000, dtype="<f4").reshape(30, 100))
        whole, split = self.path("whole.npy"), self.path("split.npy")
        check = self.succeed("eval", "silu", "--in", path, "--out", whole, "--check")
        self.assertEqual(check, self.succeed("--server", server.address, "eval", "silu", "--in", path, "--out", split,
                                             "--check"))
        with open(whole, "rb") as a, open(split, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def slow_work(self):
        """Takes one processor more than ten seconds: the definition is evaluated in f64."""
        return ["eval", "gelu_erf", "--in", self.save("x.npy", numpy.linspace(-5, 5, 1 << 20)), "--check"]

    def test_a_server_killed_in_the_middle_is_an_error(self):
        server = ServerProcess(server_program, "--threads", "1")
        self.addCleanup(server.stop)
        kill = threading.Thread(target=lambda: (server.wait_for_metric(BUSY, 1), server.kill()))
        kill.start()
        error = self.fail_with("--server", server.address, *self.slow_work())
        kill.join()
        self.assertIn(f"the server at {server.address} is stopping or gone", error)

    def test_a_client_killed_in_the_middle_stops_the_servers_work(self):
        server = ServerProcess(server_program, "--threads", "1")
        self.addCleanup(server.stop)
        client = subprocess.Popen([actbench_program, "--server", server.address, *self.slow_work()],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server.wait_for_metric(BUSY, 1)
        client.kill()
        client.wait()
        server.wait_for_metric('actbench_rpc_cancelled_work_total{stage="running"}', 1)
        server.wait_for_metric(BUSY, 0)

    def test_a_timeout_is_told(self):
        self.assertIn("--timeout", self.fail_with("--timeout", "0.3", *self.slow_work(), preexec_fn=on_one_processor))

    def test_an_interrupt_ends_it_promptly(self):
        out = self.path("y.npy")
        process = subprocess.Popen([actbench_program, *self.slow_work(), "--out", out], preexec_fn=on_one_processor,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=2), -signal.SIGINT)
        self.assertFalse(os.path.exists(out))

    def test_health_has_the_statuses_of_grpc_health_probe(self):
        result = run("health")
        self.assertEqual((result.returncode, result.stdout), (0, "SERVING\n"))
        self.assertRegex(result.stderr, "^actbench: without --server .*inside this process.*\n$")
        server = ServerProcess(server_program)
        self.addCleanup(server.stop)
        result = run("--server", server.address, "health")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "SERVING\n", ""))
        self.succeed("--server", server.address, "health", "--service", "actbench.v1.EvaluationService")
        self.assertIn("no.such.Service", self.fail_with("--server", server.address, "health", "--service",
                                                        "no.such.Service", status=3))

    def test_health_of_a_server_that_does_not_serve_is_status_4(self):
        not_serving = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\x08\x02")
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": not_serving})])
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        result = run("--server", address, "health")
        self.assertEqual((result.returncode, result.stdout), (4, "NOT_SERVING\n"))
        server.stop(None).wait()


if __name__ == "__main__":
    unittest.main()
