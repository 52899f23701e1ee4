import { fromBinary } from '@bufbuild/protobuf'
import { encodeWeight, fixtures, random, tinySpec } from '@retnet/conformance'
import {
  type Graph,
  GraphError,
  type RetNetSpec,
  UnsupportedError,
  type WeightEncoding,
  decodeGraph,
  decodeWeight,
  interpret,
  logitsGraph,
  lossGraph,
  slice,
  trace,
} from '@retnet/core'
import * as ort from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { type EmitOptions, OnnxFileError, dynamicExtents, emitOnnx, readOnnx, stateNames } from './emit.js'
import { ModelProtoSchema } from './schema/generated/onnx_pb.js'
import { loadFixture } from './testing/load-fixture.js'
import { validateModel } from './testing/validate-model.js'

const { batch, sequence } = dynamicExtents
/** The runtime then refuses shapes and types that contradict each other, instead of only logging them. */
const strict = { intraOpNumThreads: 1, extra: { session: { strict_shape_type_inference: '1' } } }
const open = { dynamic: dynamicExtents }

/** Weights of any graph: the same numbers every time. */
function weightsOf(graph: Graph, encoding: WeightEncoding = 'f32'): EmitOptions['weights'] {
  return Object.fromEntries(
    graph.parameters.map(({ name, value }) => {
      const next = random(name)
      const type = graph.types[value]
      const size = type.shape.reduce((total, extent) => total * extent, 1)
      const values = Float32Array.from({ length: size }, () => next() - 0.5)
      return [name, encodeWeight(type, type.shape.length > 1 ? encoding : 'f32', values)]
    }),
  )
}

function operatorsOf(model: Uint8Array): string[] {
  return fromBinary(ModelProtoSchema, model).graph!.node.map(
    ({ domain, opType }) => `${domain}${domain && '.'}${opType}`,
  )
}

describe('emitOnnx', () => {
  const graph = logitsGraph(tinySpec('glu', 2), { rows: batch, length: sequence })
  const count = (model: Uint8Array, name: string) => operatorsOf(model).filter((each) => each === name).length

  test('writes a retention as one LinearAttention node', () => {
    const { model } = emitOnnx(graph, { weights: weightsOf(graph), ...open })
    expect(count(model, 'com.microsoft.LinearAttention')).toBe(2)
    const [node] = fromBinary(ModelProtoSchema, model).graph!.node.filter(({ opType }) => opType === 'LinearAttention')
    const attributes = Object.fromEntries(
      node.attribute.map(({ name, s, f, i }) => [name, { s: Buffer.from(s).toString(), f, i }]),
    )
    expect(attributes).toMatchObject({
      update_rule: { s: 'gated' },
      scale: { f: 1 },
      q_num_heads: { i: 2n },
      kv_num_heads: { i: 2n },
    })
  })

  test('writes standard operators alone on request, packed weights included', () => {
    for (const encoding of ['f32', 'f16', 'q8', 'q4'] as const) {
      const { model } = emitOnnx(graph, { weights: weightsOf(graph, encoding), operators: 'standard', ...open })
      expect(operatorsOf(model).filter((name) => name.includes('.'))).toEqual([])
    }
  })

  test('writes q8 and q4 weights as MatMulNBits nodes', () => {
    for (const encoding of ['q8', 'q4'] as const) {
      const { model } = emitOnnx(graph, { weights: weightsOf(graph, encoding), ...open })
      // seven a layer without the gate of feed-forward counted twice, and the head
      expect(count(model, 'com.microsoft.MatMulNBits')).toBe(2 * 8 + 1)
      expect(count(model, 'MatMul')).toBe(0)
    }
  })

  test('gives states names and says their dimensions', () => {
    const { model } = emitOnnx(graph, {
      weights: weightsOf(graph),
      names: { tokens: 'input_ids' },
      integers: 'int64',
      ...open,
    })
    const { input, output } = fromBinary(ModelProtoSchema, model).graph!
    const shown = [...input, ...output].map(({ name, type }) => {
      const { elemType, shape } = type!.value.value as {
        elemType: number
        shape: { dim: { value: { value: unknown } }[] }
      }
      return `${name} ${elemType} [${shape.dim.map(({ value }) => String(value.value)).join(', ')}]`
    })
    expect(shown).toMatchInlineSnapshot(`
      [
        "input_ids 7 [batch, sequence]",
        "mask 7 [batch, sequence]",
        "past.position 6 [batch]",
        "past.layers.0.retention 1 [batch, 2, 4, 6]",
        "past.layers.1.retention 1 [batch, 2, 4, 6]",
        "logits 1 [batch, sequence, 31]",
        "present.position 6 [batch]",
        "present.layers.0.retention 1 [batch, 2, 4, 6]",
        "present.layers.1.retention 1 [batch, 2, 4, 6]",
      ]
    `)
  })

  test('refuses what ONNX cannot express', () => {
    const draws = decodeGraph(tinySpec('glu'), 1)
    expect(() => emitOnnx(draws, { weights: weightsOf(draws) })).toThrow(UnsupportedError)
    expect(() => emitOnnx(draws, { weights: weightsOf(draws) })).toThrow(
      /op sample.*drawn from the logits by the caller/,
    )
    const part = trace('part', (g) => ({ y: slice(g.input('x', [batch, 4]), [0, 0], [1, 4]) }))
    expect(() => emitOnnx(part, { weights: {}, ...open })).toThrow('op slice: a part of the dynamic axis 0')
  })

  test.each([
    [{ weights: {} }, 'the weight embedding.weight is missing'],
    [{ operator: 'standard' }, 'emit option operator'],
    [{ operators: 'onnx' }, 'operators: expected one of microsoft, standard'],
    [{ externalData: '../weights' }, 'externalData: expected the name of a file'],
    [{ dynamic: { batch: 0 } }, 'dynamic.batch'],
    [{ accuracyLevel: 3 }, 'accuracyLevel'],
  ])('refuses the options %j', (options, message) => {
    expect(() => emitOnnx(graph, { weights: weightsOf(graph), ...open, ...options } as EmitOptions)).toThrow(message)
  })

  test('refuses a weight of another shape, and a malformed graph', () => {
    const weights = {
      ...weightsOf(graph),
      'head.weight': encodeWeight({ dtype: 'f32', shape: [1] }, 'f32', Float32Array.of(1)),
    }
    expect(() => emitOnnx(graph, { weights, ...open })).toThrow(GraphError)
    expect(() => emitOnnx({ ...graph, nodes: graph.nodes.slice(1) }, { weights, ...open })).toThrow(GraphError)
  })
})

describe('an emitted model', () => {
  const specs: readonly (readonly [string, RetNetSpec])[] = [
    ['glu', tinySpec('glu', 2)],
    ['mlp', tinySpec('mlp', 2)],
  ]
  const cases = specs.flatMap(([kind, spec]) =>
    (['microsoft', 'standard'] as const).flatMap((operators) =>
      (['f32', 'f16', 'q8', 'q4'] as const).map((encoding) => ({ kind, operators, encoding, spec })),
    ),
  )

  test.each(cases)('computes any batch and length: $kind, $encoding, $operators operators', async (each) => {
    const graph = logitsGraph(each.spec, { rows: batch, length: sequence })
    const weights = weightsOf(graph, each.encoding)
    const { model } = emitOnnx(graph, { weights, operators: each.operators, ...open })
    const session = await ort.InferenceSession.create(model, strict)
    for (const [rows, length] of [
      [1, 1],
      [2, 7],
      [3, 1],
      [1, 33],
    ]) {
      await compareRun(session, logitsGraph(each.spec, { rows, length }), weights)
    }
    await session.release()
  })

  test.each(fixtures.map(({ folder }) => [folder]))('keeps the rules of the format: %s', async (folder) => {
    const { spec, weights } = await loadFixture(folder)
    for (const graph of [
      logitsGraph(spec, { rows: batch, length: sequence }),
      logitsGraph(spec, { rows: 1, length: 1 }),
      lossGraph(spec, { rows: 2, length: 5 }),
    ]) {
      const dynamic = graph.types.some(({ shape }) => shape.includes(batch)) ? open : {}
      for (const externalData of [undefined, 'weights.bin']) {
        const file = externalData === undefined ? {} : { externalData }
        expect(validateModel(emitOnnx(graph, { weights, ...dynamic, ...file }), ['', 'com.microsoft'])).toEqual([])
        const standard = emitOnnx(graph, { weights, operators: 'standard', ...dynamic, ...file })
        expect(validateModel(standard, [''])).toEqual([])
      }
    }
  })

  test('is the same with its weights in another file, page by page', async () => {
    const graph = logitsGraph(tinySpec('mlp', 1), { rows: 2, length: 5 })
    const weights = weightsOf(graph, 'q8')
    const { model, externalData } = emitOnnx(graph, { weights, externalData: 'w' })
    const data = Buffer.concat([...externalData!.chunks()])
    expect(data).toHaveLength(externalData!.bytes)
    const session = await ort.InferenceSession.create(model, { externalData: [{ path: 'w', data }] } as never)
    await compareRun(session, graph, weights)
    await session.release()
  })
})

/** One run from a state that is not zero, and with padding, as the interpreter has it in float64. */
async function compareRun(session: ort.InferenceSession, graph: Graph, weights: EmitOptions['weights']): Promise<void> {
  const next = random('inputs')
  const size = (value: number) => graph.types[value].shape.reduce((total, extent) => total * extent, 1)
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, value }) => [
      name,
      Int32Array.from({ length: size(value) }, (_, at) =>
        name === 'mask' ? Number(at % 5 !== 1) : Math.floor(next() * 31),
      ),
    ]),
  )
  const states = Object.fromEntries(
    graph.states.map(({ name, input }) => {
      const i32 = graph.types[input].dtype === 'i32'
      const numbers = Array.from({ length: size(input) }, () => (i32 ? Math.floor(next() * 9) : next() - 0.5))
      return [name, i32 ? Int32Array.from(numbers) : Float32Array.from(numbers)]
    }),
  )
  const tensor = (data: Int32Array | Float32Array, value: number) =>
    new ort.Tensor(data instanceof Int32Array ? 'int32' : 'float32', data as Float32Array, graph.types[value].shape)
  const feeds = Object.fromEntries([
    ...graph.inputs.map(({ name, value }) => [name, tensor(inputs[name], value)] as const),
    ...graph.states.map(({ name, input }) => [stateNames(name).input, tensor(states[name], input)] as const),
  ])
  const results = await session.run(feeds)
  const exact = Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, decodeWeight(weight)]))
  const doubles = Object.fromEntries(
    Object.entries(states).map(([name, data]) => [name, data instanceof Int32Array ? data : Float64Array.from(data)]),
  )
  const expected = interpret(graph, { ...exact, ...inputs }, doubles)
  const named = Object.entries(expected.states).map(([name, data]) => [stateNames(name).output, data] as const)
  for (const [name, data] of [...Object.entries(expected.outputs), ...named]) {
    const actual = results[name].data as Float32Array
    const largest = Math.max(...Array.from(data, Math.abs))
    const worst = Math.max(...Array.from(data, (value, at) => Math.abs(value - actual[at])))
    expect(worst / (largest || 1), name).toBeLessThan(2e-5)
  }
}

describe('readOnnx', () => {
  const graph = logitsGraph(tinySpec('mlp', 1), { rows: 1, length: 1 })
  const nothing = async () => new Uint8Array()

  test.each(['f32', 'f16', 'q8', 'q4'] as const)('gives back %s weights as they were', async (encoding) => {
    const weights = weightsOf(graph, encoding)
    const inside = readOnnx('m', emitOnnx(graph, { weights, metadata: { note: 'a' } }).model, nothing)
    const { model, externalData } = emitOnnx(graph, { weights, externalData: 'w' })
    const data = Buffer.concat([...externalData!.chunks()])
    const beside = readOnnx('m', model, async (_, offset, length) => data.subarray(offset, offset + length))
    expect(inside.metadata).toMatchObject({ note: 'a', 'retnet.states': '["position","layers.0.retention"]' })
    for (const [name, weight] of Object.entries(weights)) {
      expect(await inside.readWeight(name)).toEqual(weight)
      expect(await beside.readWeight(name)).toEqual(weight)
    }
  })

  test('refuses what is no model of ours', async () => {
    const { model } = emitOnnx(graph, { weights: weightsOf(graph) })
    const foreign = trace('foreign', (g) => ({ y: g.input('x', [1]) }))
    const other = emitOnnx(foreign, { weights: {}, metadata: { 'retnet.weights': '{"w":{}}' } }).model
    expect(() => readOnnx('a.onnx', new TextEncoder().encode('<html>'), nothing)).toThrow('a.onnx: is no ONNX model.')
    expect(() => readOnnx('a.onnx', new Uint8Array(), nothing)).toThrow(OnnxFileError)
    expect(() => readOnnx('a.onnx', model.subarray(0, 999), nothing)).toThrow(OnnxFileError)
    expect(() => readOnnx('a.onnx', other, nothing)).toThrow('its metadata retnet.weights cannot be read')
    await expect(readOnnx('a.onnx', model, nothing).readWeight('none')).rejects.toThrow('there is no weight none')
  })

  test('refuses a weight that is damaged', async () => {
    const weights = weightsOf(graph)
    const { model } = emitOnnx(graph, { weights, externalData: 'w' })
    await expect(readOnnx('a.onnx', model, nothing).readWeight('head.bias')).rejects.toThrow(
      /head.bias has 0 bytes, expected/,
    )
  })
})
