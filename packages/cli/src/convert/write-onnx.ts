/** A model as ONNX files, in the layout in which tools for the browser look for them: onnx/model.onnx beside config.json. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Graph, logitsGraph } from '@retnet/core'
import { type Checkpoint, writeAtomically } from '@retnet/formats'
import { type EmitOptions, type OnnxModel, dynamicExtents, emitOnnx, metadataKeys } from '@retnet/onnx/emit'
import type { Io } from '../io.js'
import type { CollectedWeights } from './collect-weights.js'

export interface OnnxLayout {
  readonly operators: 'microsoft' | 'standard'
  /** Also the graph for one token of one text, beside the one for any number of both; they share the file of the weights. */
  readonly decodeGraph: boolean
}

/** Names that models in ONNX have for what we call tokens and mask. */
const names = { tokens: 'input_ids', mask: 'attention_mask' }
const weightsFile = 'model.onnx_data'

/** Returns the names of the files, relative to `folder`. */
export async function writeOnnx(
  io: Io,
  folder: string,
  checkpoint: Checkpoint,
  { weights, fingerprint }: CollectedWeights,
  { operators, decodeGraph }: OnnxLayout,
): Promise<string[]> {
  const { spec, tokenizerJson } = checkpoint
  const common: EmitOptions = {
    weights,
    operators,
    names,
    integers: 'int64',
    // four to five times as fast for one token, at 0.0002 nats: LOG.md
    accuracyLevel: 4,
    metadata: {
      [metadataKeys.spec]: JSON.stringify(spec),
      [metadataKeys.fingerprint]: fingerprint,
      ...(tokenizerJson !== null && { [metadataKeys.tokenizer]: await sha256(tokenizerJson) }),
    },
    ...(decodeGraph && { externalData: weightsFile }),
  }
  await mkdir(join(folder, 'onnx'))
  const { batch, sequence } = dynamicExtents
  const open = logitsGraph(spec, { rows: batch, length: sequence })
  const files = await writeModel(io, folder, 'model.onnx', emit(open, { ...common, dynamic: dynamicExtents }))
  if (!decodeGraph) return files
  const single = emit(logitsGraph(spec, { rows: 1, length: 1 }), common)
  // its weights are those of the first, at the same places of the same file
  return [...files, ...(await writeModel(io, folder, 'decode.onnx', { ...single, externalData: null }))]
}

function emit(graph: Graph, options: EmitOptions): OnnxModel {
  return emitOnnx(graph, options)
}

async function writeModel(io: Io, folder: string, file: string, { model, externalData }: OnnxModel): Promise<string[]> {
  const path = (name: string) => join(folder, 'onnx', name)
  await writeAtomically(path(file), (write) => write(model))
  if (!externalData) return [`onnx/${file}`]
  await writeAtomically(path(externalData.location), async (write) => {
    for (const chunk of externalData.chunks()) {
      io.signal.throwIfAborted()
      await write(chunk)
    }
  })
  return [`onnx/${file}`, `onnx/${externalData.location}`]
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Buffer.from(digest).toString('hex')
}
