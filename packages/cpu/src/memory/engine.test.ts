import { describe, expect, it } from 'vitest'
import { Engine } from './engine.js'

const options = { maxMemoryBytes: 2 ** 22, simd: 'baseline', poison: false } as const

/** A tape of one record of `parts` parts with a kernel that does not exist. */
function badTape(engine: Engine, parts: number): number {
  const address = engine.allocate(engine.recordBytes, 'tape')
  engine.integers(address, 4).set([999, parts, 0, 0])
  return address
}

describe('Engine', () => {
  it.each([1, 2, 3])('reports a failing kernel on any of %i threads, and never hangs', async (threads) => {
    const engine = await Engine.create({ ...options, threads })
    const tape = badTape(engine, threads * 2)
    expect(() => engine.run(tape, 1, threads * 2, threads > 1)).toThrow('cpu: a kernel failed. Dispose of this backend')
    expect(() => engine.run(tape, 1, threads * 2, threads > 1)).toThrow(/a kernel failed earlier/)
    engine.dispose()
  })

  it('takes what the host gives when no ceiling is set', async () => {
    const engine = await Engine.create({ ...options, maxMemoryBytes: null, threads: 1 })
    expect(engine.maxMemoryBytes).toBeGreaterThanOrEqual(2 ** 28)
    engine.dispose()
  })
})
