#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What deploy/build_image.sh made, run as a hardened container runs it: an arbitrary user without capabilities on a
read-only root, with a network of its own. Takes no container engine, but root.

  image_test.py IMAGE_DIRECTORY [unittest's arguments]
"""
import errno
import fcntl
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

USER = 54321  # no user of the image
MOST_COMPRESSED_BYTES = 120e6

image = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/image").resolve()


def enter_namespaces():
    """Runs this file anew with mounts, processes and a network that end with it."""
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, __file__, str(image), "--inside", *sys.argv[2:]])


def set_up_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running = 0x41
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", up_and_running))  # SIOCSIFFLAGS


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def mount_devices(directory):
    """Those devices of the machine that every container has, so that nothing can reach the others."""
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", directory)
    for name in ("null", "zero", "full", "random", "urandom"):
        (directory / name).touch()
        mount("--bind", f"/dev/{name}", directory / name)
    (directory / "shm").mkdir()
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", directory / "shm")


class ImageTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        set_up_network()
        # No TemporaryDirectory, which would go through what is still mounted when it removes itself.
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="actbench_image"))
        cls.server = None
        cls.addClassCleanup(cls.clean_up)
        subprocess.run(["tar", "--numeric-owner", "-xpf", image / "rootfs.tar", "-C", cls.root], check=True)
        mount("--bind", cls.root, cls.root)
        mount_devices(cls.root / "dev")
        mount("-t", "proc", "proc", cls.root / "proc")
        mount("--bind", "-o", "ro", "/sys", cls.root / "sys")
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", cls.root / "tmp")
        mount("-o", "remount,bind,ro", cls.root)
        cls.config = json.loads((image / "config.json").read_text(encoding="utf-8"))
        cls.start = time.monotonic()
        cls.server = subprocess.Popen(cls.inside(cls.config["Entrypoint"]), env=cls.environment(),
                                      stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        while cls.run_inside("actbench", "health").returncode != 0:
            if time.monotonic() > cls.start + 30 or cls.server.poll() is not None:
                cls.server.kill()
                raise RuntimeError(f"the server does not serve:\n{cls.server.stderr.read()}")
        print(f"start to SERVING, with one run of actbench health: {time.monotonic() - cls.start:.2f} s")

    @classmethod
    def clean_up(cls):
        if cls.server is not None:
            cls.server.kill()
            cls.server.wait()
            cls.server.stderr.close()
        subprocess.run(["umount", "--recursive", "--lazy", cls.root], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", cls.root], check=True)

    @classmethod
    def environment(cls):
        return dict(variable.split("=", 1) for variable in cls.config["Env"])

    @classmethod
    def inside(cls, command):
        return ["chroot", str(cls.root), "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
                "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", *command]

    @classmethod
    def run_inside(cls, *command):
        return subprocess.run(cls.inside(command), env=cls.environment(), capture_output=True, text=True, timeout=120,
                              check=False)

    def test_it_runs_without_rights_on_a_read_only_root(self):
        # chroot and setpriv have become the server.
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text(encoding="utf-8")
        self.assertIn(f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}\n", status)
        self.assertIn("CapEff:\t0000000000000000\n", status)
        self.assertIn("CapBnd:\t0000000000000000\n", status)
        self.assertIn("NoNewPrivs:\t1\n", status)
        with self.assertRaises(OSError) as raised:
            (self.root / "file").touch()
        self.assertEqual(raised.exception.errno, errno.EROFS)

    def test_docker_finds_it_healthy(self):
        kind, *command = self.config["Healthcheck"]["Test"]
        self.assertEqual(kind, "CMD", "no shell")
        result = self.run_inside(*command)
        self.assertEqual((result.returncode, result.stdout), (0, "SERVING\n"), result.stderr)

    def test_it_evaluates(self):
        result = self.run_inside("actbench", "eval", "silu", "--values=-1,0,1")
        self.assertEqual((result.returncode, result.stdout), (0, "-0.2689414 0 0.7310586\n"), result.stderr)

    def test_it_benchmarks(self):
        result = self.run_inside("actbench", "bench", "silu", "--provider", "actbench", "--tier", "fast", "--time",
                                 "0.2", "--processes", "2", "--json", "-")
        self.assertIn(result.returncode, (0, 3), result.stderr)
        case, *_ = json.loads(result.stdout)["benchmarks"]
        self.assertGreater(case["real_time"], 0)

    def test_it_serves_metrics(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        page = opener.open("http://127.0.0.1:9464/metrics").read().decode()
        self.assertIn("\nactbench_ready 1\n", page)
        revision = self.config["Labels"]["org.opencontainers.image.revision"]
        self.assertRegex(page, rf'\nactbench_build_info{{.*revision="{revision}"')

    def test_it_is_described(self):
        self.assertRegex(self.config["User"], r"^[1-9]\d*:[1-9]\d*$")
        self.assertEqual(self.config["Entrypoint"], ["actbench-server"])
        self.assertEqual(set(self.config["ExposedPorts"]), {"50051/tcp", "9464/tcp"})
        for label in ("title", "description", "licenses", "version", "revision", "created"):
            self.assertTrue(self.config["Labels"][f"org.opencontainers.image.{label}"], label)

    def test_programs_are_hardened(self):
        for name in ("actbench", "actbench-server", "actbench-worker"):
            file = self.root / "usr/local/bin" / name
            dynamic = subprocess.run(["readelf", "--wide", "--dynamic", "--dyn-syms", "--program-headers", file],
                                     capture_output=True, text=True, check=True).stdout
            self.assertRegex(dynamic, r"FLAGS_1\).* NOW PIE", name)
            self.assertIn("GNU_RELRO", dynamic, name)
            self.assertRegex(dynamic, r"GNU_STACK +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ RW ", name)
            self.assertIn("__stack_chk_fail", dynamic, name)
            self.assertRegex(dynamic, r"__\w+_chk@GLIBC", name)

    def test_it_has_what_it_needs_and_little_else(self):
        packages = json.loads((image / "actbench.spdx.json").read_text(encoding="utf-8"))["packages"]
        names = {package["name"] for package in packages}
        self.assertLessEqual({"actbench", "libgrpc++1.51", "libprotobuf32", "libstdc++6"}, names)
        self.assertFalse([name for name in names if re.search(r"-dev$|^gcc-\d+$|^g\+\+|^cmake|^python", name)])
        for name in sorted(names - {"actbench"}):
            self.assertTrue((self.root / "usr/share/doc" / name / "copyright").exists(), name)
        for left in ("var/lib/apt/lists", "var/cache/apt", "var/log"):
            self.assertEqual(list((self.root / left).iterdir()), [], left)
        gzip = subprocess.run(["gzip", "-1", "-c", image / "rootfs.tar"], capture_output=True, check=True)
        compressed = len(gzip.stdout)
        print(f"compressed: {compressed / 1e6:.1f} MB")
        self.assertLess(compressed, MOST_COMPRESSED_BYTES)

    @classmethod
    def tearDownClass(cls):
        """TERM is the last thing: what was accepted is done, so the exit status is 0."""
        cls.server.terminate()
        status = cls.server.wait(timeout=60)
        if status != 0:
            raise AssertionError(f"after TERM the exit status is {status}:\n{cls.server.stderr.read()}")
        print("TERM: exit status 0")


if __name__ == "__main__":
    if sys.argv[2:3] != ["--inside"]:
        enter_namespaces()
    del sys.argv[1:3]
    unittest.main()
