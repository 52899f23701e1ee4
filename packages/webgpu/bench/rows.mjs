/**
 * How fast rows of a state are copied on the device: by the kernel of copyRows, against fork(), which is copyBufferToBuffer.
 *
 *   node bench/rows.mjs [--layers 32] [--heads 16] [--key 256] [--value 512] [--rows 8] [--state f32,f16] [--dawn flag]...
 *
 * The defaults are the state of a 6.7B model. Needs the built packages and, in Node, the package `webgpu`.
 */
import { parseArgs } from 'node:util'
import { trace } from '@retnet/core'
import { webgpu } from '@retnet/webgpu'

const { values: options } = parseArgs({
  options: {
    layers: { type: 'string', default: '32' },
    heads: { type: 'string', default: '16' },
    key: { type: 'string', default: '256' },
    value: { type: 'string', default: '512' },
    rows: { type: 'string', default: '8' },
    state: { type: 'string', default: 'f32,f16' },
    dawn: { type: 'string', multiple: true, default: [] },
  },
})
const [layers, heads, key, value, rows] = ['layers', 'heads', 'key', 'value', 'rows'].map((name) =>
  Number(options[name]),
)

const graph = trace('states', (g) => {
  for (let layer = 0; layer < layers; layer++) {
    const state = g.state(`layers.${layer}`, [rows, heads, key, value])
    g.updateState(state, state)
  }
  return {}
})

for (const stateDtype of options.state.split(',')) {
  const backend = await webgpu({ stateDtype, dawn: options.dawn })
  const program = await backend.compile(graph, { weights: {} })
  const state = program.createState()
  const source = state.fork()
  const rowBytes = state.bytes / rows
  console.log(`${backend.limits.description}, ${stateDtype}: ${layers} layers, ${(rowBytes / 1e6).toFixed(1)} MB a row`)
  const all = Array.from({ length: rows }, (_, row) => ({ from: row, to: row }))
  const half = Array.from({ length: Math.floor(rows / 2) }, (_, row) => ({ from: row, to: row + Math.ceil(rows / 2) }))
  await measure(backend, 'one row from another state', rowBytes, () => state.copyRows(source, [all[0]]))
  await measure(backend, 'all rows from another state', state.bytes, () => state.copyRows(source, all))
  await measure(backend, 'half of the rows within a state', half.length * rowBytes, () => state.copyRows(state, half))
  await measure(backend, 'fork: allocation and copyBufferToBuffer', state.bytes, () => state.fork().dispose())
  for (const owner of [source, state, program, backend]) owner.dispose()
}

/** Median of ten times of eight calls; bytes are read once and written once. */
async function measure({ device }, name, bytes, run) {
  const times = []
  for (let time = 0; time < 12; time++) {
    const begin = performance.now()
    for (let call = 0; call < 8; call++) run()
    await device.queue.onSubmittedWorkDone()
    times.push((performance.now() - begin) / 8)
  }
  const milliseconds = times.slice(2).toSorted((a, b) => a - b)[5]
  const rate = ((2 * bytes) / milliseconds / 1e6).toFixed(1)
  console.log(`  ${name.padEnd(42)}${milliseconds.toFixed(3).padStart(9)} ms ${rate.padStart(9)} GB/s`)
}
