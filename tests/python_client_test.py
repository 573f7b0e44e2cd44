#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that knows nothing of actbench: grpcio and server reflection alone list the services and evaluate.

Usage: python_client_test.py ACTBENCH_SERVER_PROGRAM
"""
import struct
import sys
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from server_process import ServerProcess

REFLECTION = "grpc.reflection.v1alpha"
FIELD = descriptor_pb2.FieldDescriptorProto


def reflection_messages():
    """The few messages of reflection.proto that are needed; Debian has no grpcio-reflection."""
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package=REFLECTION, syntax="proto3")

    def message(name, *fields):
        added = file.message_type.add(name=name)
        for field_name, number, kind, repeated in fields:
            field = added.field.add(name=field_name, number=number)
            field.label = FIELD.LABEL_REPEATED if repeated else FIELD.LABEL_OPTIONAL
            if isinstance(kind, str):
                field.type, field.type_name = FIELD.TYPE_MESSAGE, f".{REFLECTION}.{kind}"
            else:
                field.type = kind

    message("ServerReflectionRequest", ("file_containing_symbol", 4, FIELD.TYPE_STRING, False),
            ("list_services", 7, FIELD.TYPE_STRING, False))
    message("FileDescriptorResponse", ("file_descriptor_proto", 1, FIELD.TYPE_BYTES, True))
    message("ServiceResponse", ("name", 1, FIELD.TYPE_STRING, False))
    message("ListServiceResponse", ("service", 1, "ServiceResponse", True))
    message("ServerReflectionResponse", ("file_descriptor_response", 4, "FileDescriptorResponse", False),
            ("list_services_response", 6, "ListServiceResponse", False))
    return file


class ReflectedClient:
    """Calls any unary method of any server that has reflection."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self.pool = descriptor_pool.DescriptorPool()
        self.pool.Add(reflection_messages())

    def message_class(self, name):
        return message_factory.MessageFactory(self.pool).GetPrototype(self.pool.FindMessageTypeByName(name))

    def reflect(self, **request):
        response = self.message_class(f"{REFLECTION}.ServerReflectionResponse")
        call = self.channel.stream_stream(
            f"/{REFLECTION}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda message: message.SerializeToString(), response_deserializer=response.FromString)
        return next(call(iter([self.message_class(f"{REFLECTION}.ServerReflectionRequest")(**request)]), timeout=10))

    def services(self):
        # The field must be set to be sent; its text means nothing.
        return [service.name for service in self.reflect(list_services="*").list_services_response.service]

    def load(self, symbol):
        known = set()
        files = [descriptor_pb2.FileDescriptorProto.FromString(data) for data in
                 self.reflect(file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto]
        by_name = {file.name: file for file in files}

        def add(name):  # a file's imports come first
            if name in by_name and name not in known:
                known.add(name)
                for dependency in by_name[name].dependency:
                    add(dependency)
                self.pool.Add(by_name[name])

        for name in by_name:
            add(name)

    def call(self, service, method, **request):
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        call = self.channel.unary_unary(
            f"/{service}/{method}", request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.message_class(descriptor.output_type.full_name).FromString)
        return call(self.message_class(descriptor.input_type.full_name)(**request), timeout=10)


class PythonClientTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = ServerProcess(server_program)
        cls.client = ReflectedClient(cls.server.address)

    @classmethod
    def tearDownClass(cls):
        cls.client.channel.close()
        cls.server.stop()

    def test_1_reflection_lists_the_services(self):
        services = self.client.services()
        for service in ["actbench.v1.AccuracyService", "actbench.v1.CatalogService", "actbench.v1.EvaluationService",
                        "grpc.health.v1.Health"]:
            self.assertIn(service, services)

    def test_2_a_tensor_is_evaluated(self):
        self.client.load("actbench.v1.EvaluationService")
        x = [-4.0, -3.0, -1.0, 0.0, 1.0, 3.0, 4.0]
        item = {"id": "a", "activation": "hard_swish", "direction": 1,
                "inputs": [{"dtype": "DTYPE_F32", "shape": [7], "data": struct.pack("<7f", *x)}]}
        bad = {**item, "id": "b", "activation": "gelo"}
        response = self.client.call("actbench.v1.EvaluationService", "Evaluate", items=[item, bad])
        good_result, bad_result = response.results
        self.assertEqual(good_result.status.code, 0, good_result.status.message)
        y = struct.unpack("<7f", good_result.outputs[0].data)
        for got, expected in zip(y, [0, 0, -1 / 3, 0, 2 / 3, 3, 4]):
            self.assertAlmostEqual(got, expected, places=6)
        self.assertTrue(good_result.kernel.name.startswith("hard_swish/forward/f32/actbench/"))
        self.assertEqual(bad_result.status.code, grpc.StatusCode.NOT_FOUND.value[0])
        self.assertIn("gelo", bad_result.status.message)

    def test_3_the_catalog_is_listed(self):
        self.client.load("actbench.v1.CatalogService")
        response = self.client.call("actbench.v1.CatalogService", "ListActivations")
        self.assertIn("sigmoid", [activation.name for activation in response.activations])


if __name__ == "__main__":
    server_program = sys.argv.pop(1)
    unittest.main()
