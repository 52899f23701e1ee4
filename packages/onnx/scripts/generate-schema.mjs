// Makes src/schema/generated/onnx_pb.ts from the official schema, proto/onnx.proto (of onnx 1.23.1, Apache-2.0). Needs `protoc` on the PATH.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

// run from here and no dependency: it brings an older compiler of TypeScript along
const generator = ['--yes', '--package=@bufbuild/protoc-gen-es@2.17.0', '--']
const protoc = ['protoc', '-Iproto', '--es_out=src/schema/generated', '--es_opt=target=ts', 'proto/onnx.proto']
execFileSync('npx', [...generator, ...protoc], { cwd: join(import.meta.dirname, '..'), stdio: 'inherit' })
