/** Turns the flyteidl2 wheel's descriptors into JavaScript with types, in `gen/`; needs neither protoc nor buf. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const root = join(import.meta.dirname, "../..");

/** @param python an interpreter that can import `flyteidl2`. @returns how many files were written. */
export function generateFlyte(python: string, out: string): number {
  const scratch = mkdtempSync(join(tmpdir(), "biplane-gen-"));
  try {
    const set = join(scratch, "flyteidl2.binpb");
    execFileSync(python, [join(import.meta.dirname, "dump_descriptors.py"), set]);
    const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(set));
    const request = create(CodeGeneratorRequestSchema, {
      parameter: "target=js+dts,import_extension=js",
      protoFile: file,
      fileToGenerate: file.map((f) => f.name).filter((name) => !name.startsWith("google/protobuf/")),
    });
    const plugin = spawnSync(process.execPath, [join(root, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es")], {
      input: toBinary(CodeGeneratorRequestSchema, request),
      maxBuffer: 1 << 28,
    });
    if (plugin.status !== 0) throw new Error(`protoc-gen-es failed: ${plugin.stderr}`);
    const response = fromBinary(CodeGeneratorResponseSchema, plugin.stdout);
    if (response.error) throw new Error(`protoc-gen-es: ${response.error}`);
    for (const made of response.file) {
      const path = join(out, made.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, made.content);
    }
    return response.file.length;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
