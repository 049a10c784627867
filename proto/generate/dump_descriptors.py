"""Writes every descriptor of the installed flyteidl2 wheel as one FileDescriptorSet, in dependency order.

The wheel carries serialised descriptors and no .proto files, so they are read back from the pool.
Usage: dump_descriptors.py OUT.binpb
"""

import importlib
import pkgutil
import sys

import flyteidl2
from google.protobuf import descriptor_pb2, descriptor_pool

pool = descriptor_pool.Default()
names = []
for module in pkgutil.walk_packages(flyteidl2.__path__, "flyteidl2."):
    if module.name.endswith("_pb2"):
        names.append(importlib.import_module(module.name).DESCRIPTOR.name)

files = {}


def visit(descriptor):
    if descriptor.name in files:
        return
    files[descriptor.name] = None
    for dependency in descriptor.dependencies:
        visit(dependency)
    proto = descriptor_pb2.FileDescriptorProto()
    descriptor.CopyToProto(proto)
    del files[descriptor.name]
    files[descriptor.name] = proto


for name in names:
    visit(pool.FindFileByName(name))

with open(sys.argv[1], "wb") as out:
    out.write(descriptor_pb2.FileDescriptorSet(file=list(files.values())).SerializeToString())
