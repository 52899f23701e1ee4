// What only a process of its own shows: how it ends, and that nothing is collected while the GPU needs it. These run the built packages.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { findSoftwareAdapter } from './testing/software-adapter.js'

const missing = await findSoftwareAdapter()

/** Runs a module in a Node of its own; a crash of the driver shows in the status or the signal. */
function run(script: string, ...flags: string[]) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '-e', script],
    { cwd: import.meta.dirname, encoding: 'utf8', timeout: 60_000 },
  )
  return { status, signal, lines: stdout.trim().split('\n'), stderr }
}

const use = `
import { fill, trace } from '@retnet/core'
import { webgpu } from '@retnet/webgpu'
let backend = await webgpu()
let program = await backend.compile(trace('fill', (g) => ({ y: fill(g, [3], 7) })), { weights: {} })
console.log((await program.run({}, null)).y.join())
`

const tinyModel = `
import { random, tinySpec } from '@retnet/conformance'
import { Model, parameterShapes, sizeOf } from '@retnet/core'
import { createSession } from '@retnet/generate'
import { webgpu } from '@retnet/webgpu'
const spec = tinySpec('glu')
function* weights() {
  for (const [name, shape] of parameterShapes(spec)) {
    const next = random(name)
    const data = Float32Array.from({ length: sizeOf(shape) }, () => next() * 2 - 1)
    yield [name, { type: { dtype: 'f32', shape }, encoding: 'f32', data }]
  }
}
`

describe.skipIf(missing)(`a process${missing ? ` (${missing})` : ''}`, () => {
  it.each([
    ['after dispose', 'backend.dispose()'],
    ['without dispose', ''],
    [
      'when everything was collected',
      'backend = program = null; for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }',
    ],
    ['while a run is under way', 'void program.run({}, null)'],
    [
      'after a lost device',
      'backend.device.destroy(); await program.run({}, null).catch(({ name }) => console.log(name))',
    ],
  ])('ends by itself and well %s', (when, script) => {
    const { status, signal, lines } = run(use + script, '--expose-gc')
    const expected = when === 'after a lost device' ? ['7,7,7', 'DeviceLostError'] : ['7,7,7']
    expect({ status, signal, lines }).toEqual({ status: 0, signal: null, lines: expected })
  })

  it('keeps nothing of the runs that have ended', () => {
    const { status, lines } = run(
      `import { fill, trace } from '@retnet/core'
      import { webgpu } from '@retnet/webgpu'
      const backend = await webgpu()
      const program = await backend.compile(trace('fill', (g) => ({ y: fill(g, [1000], 1) })), { weights: {} })
      const begin = process.memoryUsage().arrayBuffers
      for (let count = 0; count < 1000; count++) await program.run({}, null)
      await new Promise(setImmediate)
      gc()
      console.log(process.memoryUsage().arrayBuffers - begin < 1e6)`,
      '--expose-gc',
    )
    expect({ status, lines }).toEqual({ status: 0, lines: ['true'] })
  })

  it('generates 2,000 tokens with garbage collections between submits, and holds no more memory at the end', () => {
    const { status, signal, lines } = run(
      `${tinyModel}
      const backend = await webgpu()
      const model = await Model.create({ spec, backend, weights: weights(), fingerprint: () => 'tiny' })
      const session = await createSession(model, { bosToken: 1 })
      // the most in each half; within a batch of drawn tokens there is a copy of the state
      const most = [0, 0]
      let count = 0
      for await (const piece of session.generate({ maxTokens: 2000, seed: 1 })) {
        if (++count % 8 === 0) gc()
        const half = count > 1000 ? 1 : 0
        most[half] = Math.max(most[half], backend.bytes)
      }
      console.log(count, most[1] - most[0])
      model.dispose()
      session.dispose()
      await Promise.resolve()
      console.log(backend.bytes)
      backend.dispose()`,
      '--expose-gc',
    )
    expect({ status, signal, lines }).toEqual({ status: 0, signal: null, lines: ['2000 0', '0'] })
  })
})
