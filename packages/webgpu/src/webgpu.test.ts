// What the backend refuses, and what it survives. Numbers are tested by conformance.test.ts.
import { encodeWeight, tinyModel } from '@retnet/conformance'
import { ArgumentError, DisposedError, embed, fill, matmul, trace } from '@retnet/core'
import { LogitsError, createSession, generate, restoreSession } from '@retnet/generate'
import { afterEach, describe, expect, it, test } from 'vitest'
import { openDevice } from './device/open-device.js'
import { AdapterError, DeviceLimitError, DeviceLostError, DeviceMemoryError } from './errors.js'
import { recoverable } from './recovery/recoverable.js'
import { deviceWith } from './testing/device-with.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { type WebGpuBackend, webgpu } from './webgpu.js'

const missing = await findSoftwareAdapter()

const opened: WebGpuBackend[] = []
async function open(options: Parameters<typeof webgpu>[0] = {}): Promise<WebGpuBackend> {
  const backend = await webgpu({ poison: true, ...options })
  opened.push(backend)
  return backend
}
afterEach(() => {
  for (const backend of opened.splice(0)) backend.dispose()
})

const sampling = { seed: 5, temperature: 1.2, topP: 0.95 }
const prompt = [3, 1, 4, 1, 5]
const weight = {
  type: { dtype: 'f32', shape: [4] },
  encoding: 'f32',
  data: new Float32Array(4),
} as const

test('unknown, wrong and contradicting options are refused before a device is opened', async () => {
  const device = { createComputePipelineAsync() {} } as unknown as GPUDevice
  for (const options of [
    { powerPreferense: 'low-power' },
    { powerPreference: 'fast' },
    { profile: 'tensor' },
    { dawn: 'backend=vulkan' },
    { device: 'gpu' },
    { poison: 1 },
    { device, dawn: [] },
    { device, powerPreference: 'low-power' },
  ]) {
    await expect(webgpu(options as never)).rejects.toThrow(ArgumentError)
  }
})

describe.skipIf(missing)(`webgpu${missing ? ` (${missing})` : ''}`, () => {
  describe('the adapter', () => {
    it('that is not there is an AdapterError with a remedy', async () => {
      const error = await webgpu({ dawn: ['adapter=there is none of this name'] }).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(AdapterError)
      expect(String(error)).toMatch(/no WebGPU adapter was found\. Check the graphics driver .* @retnet\/cpu/)
    })

    it('that lacks the features of a profile is refused, and its best profile is named in limits', async () => {
      const offered = (await open()).limits.description
      if (/, (f16|matrix)$/.test(offered)) return
      await expect(webgpu({ profile: 'f16' })).rejects.toThrow(/lacks a feature of the profile f16\. Leave the profile/)
      expect(offered).toMatch(/, (subgroups|basic)$/)
    })

    it('that computes wrongly is refused by the self-test', async () => {
      const device = await deviceWith((real) => ({
        createShaderModule: ({ code, ...rest }) =>
          real.createShaderModule({ ...rest, code: code.replaceAll('exp(', 'exp2(') }),
      }))
      await expect(webgpu({ device })).rejects.toThrow(/computes wrongly \(error .* in the self-test\)/)
      device.destroy()
    })

    it('of a device of the caller is used, and the device is left alive', async () => {
      const { device } = await openDevice({ profile: 'basic' })
      const backend = await webgpu({ device })
      backend.dispose()
      await expect(backend.upload(weight)).rejects.toThrow(DisposedError)
      const again = await webgpu({ device })
      expect((await again.upload(weight)).bytes).toBe(16)
      device.destroy()
    })
  })

  describe('memory', () => {
    const withBuffersOf = (bytes: number) =>
      deviceWith(({ limits }) => ({
        limits: new Proxy(limits, {
          get: (target, name) => (name === 'maxStorageBufferBindingSize' ? bytes : Reflect.get(target, name, target)),
        }),
      }))

    it('below what a few rows of a weight need is an error that names the weight, and nothing stays on the device', async () => {
      const device = await withBuffersOf(1024)
      const backend = await open({ device })
      const error = await backend
        .upload({
          name: 'head',
          type: { dtype: 'f32', shape: [31, 300] },
          encoding: 'f32',
          data: new Float32Array(9300),
        })
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(DeviceLimitError)
      expect(String(error)).toMatch(/weight head \[31, 300\] f32: needs 37200 bytes .* allows 1024\. Load with/)
      expect(backend.bytes).toBe(0)
      device.destroy()
    })

    it.for(['f32', 'f16', 'q8', 'q4'] as const)(
      'below what a weight needs cuts the %s weight into pieces, for look-ups and products',
      async (encoding) => {
        const device = await withBuffersOf(1024)
        const type = { dtype: 'f32', shape: [63, 60] } as const
        const values = Float32Array.from({ length: 63 * 60 }, (_, at) => Math.sin(at * at))
        const graph = trace('tied', (g) => {
          const table = g.parameter('table', type.shape)
          const x = embed(table, g.input('ids', [3], 'i32'))
          return { x, y: matmul(x, table, { transposeB: true }) }
        })
        const results = async (backend: WebGpuBackend) => {
          using table = await backend.upload(encodeWeight(type, encoding, values))
          using program = await backend.compile(graph, { weights: { table } })
          const outputs = await program.run({ ids: Int32Array.of(0, 62, 17) }, null)
          return { outputs, count: program.stats().dispatches }
        }
        const expected = await results(await open())
        const cut = await results(await open({ device }))
        expect(cut.count).toBeGreaterThan(expected.count)
        expect(cut.outputs).toEqual(expected.outputs)
        device.destroy()
      },
    )

    it('below what a gradient needs of a weight is an error that names it', async () => {
      const device = await withBuffersOf(1024)
      const backend = await open({ device })
      const graph = trace('product', (g) => ({ y: matmul(g.input('x', [2, 63]), g.parameter('w', [63, 60])) }))
      const w = await backend.upload({
        type: { dtype: 'f32', shape: [63, 60] },
        encoding: 'f32',
        data: new Float32Array(63 * 60),
      })
      await expect(backend.compile(graph, { weights: { w } })).rejects.toThrow(/weight w in one piece: needs/)
      device.destroy()
    })

    it('that the device has no more of is a typed error, and the backend goes on', async () => {
      let full = false
      const device = await deviceWith((real) => ({
        popErrorScope: async () => {
          const error = await real.popErrorScope()
          return full ? { message: 'no memory' } : error
        },
      }))
      const backend = await open({ device })
      full = true
      const named = { ...weight, name: 'layers.0.q' }
      await expect(backend.upload(named)).rejects.toThrow(/weight layers\.0\.q: the device is out of memory/)
      await expect(
        backend.compile(
          trace('one', (g) => ({ y: fill(g, [4], 1) })),
          { weights: {} },
        ),
      ).rejects.toThrow(DeviceMemoryError)
      expect(backend.bytes).toBe(0)
      full = false
      expect((await backend.upload(named)).bytes).toBe(16)
      device.destroy()
    })

    it('below what a state or an activation needs is an error that names it, and nothing of it stays', async () => {
      const device = await withBuffersOf(8192)
      const backend = await open({ device })
      const graph = trace('states', (g) => {
        for (const [name, width] of [
          ['small', 1],
          ['large', 100],
        ] as const) {
          const state = g.state(name, [64, width])
          g.updateState(state, state)
        }
        return {}
      })
      using program = await backend.compile(graph, { weights: {} })
      const before = backend.bytes
      expect(() => program.createState()).toThrow(DeviceLimitError)
      expect(() => program.createState()).toThrow(/state large: needs 25600 bytes .* allows 8192\. Load .* fewer rows/)
      expect(backend.bytes).toBe(before)
      using model = await tinyModel(backend)
      const weights = backend.bytes
      await expect(model.createBatch(70)).rejects.toThrow(/f32\[70, 1, 31\] of retnet\.decode: needs 8688 bytes in one/)
      expect(backend.bytes).toBe(weights)
      device.destroy()
    })

    it('that is short for a state fails what uses that state, with a typed error, and nothing else', async () => {
      let full = false
      const device = await deviceWith((real) => ({
        // no buffer may be used for both: what comes is no valid one, as when there is no memory
        createBuffer: (descriptor) => {
          const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.MAP_READ
          return real.createBuffer(
            full && descriptor.label?.startsWith('state') ? { ...descriptor, usage } : descriptor,
          )
        },
      }))
      const backend = await open({ device })
      using model = await tinyModel(backend)
      using batch = await model.createBatch(2)
      await batch.consume([{ row: 0, tokens: prompt }])
      const before = await batch.snapshot(0)
      using sound = await batch.extract(0)
      const program = await model.program('next', { rows: 1, length: 1 })
      const inputs = { tokens: Int32Array.of(1), mask: Int32Array.of(1) }
      const numbers = await sound.read()
      const held = backend.bytes
      full = true
      const states = Array.from({ length: 4 }, () => program.createState())
      states[0].copyRows(sound, [{ from: 0, to: 0 }])
      states[1].reset()
      const outcomes = await Promise.allSettled([
        program.run(inputs, states[0]),
        states[1].read(),
        states[2].write(numbers),
        program.run(inputs, states[3].fork()),
      ])
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { name: 'DeviceMemoryError' } })
      expect(() => states[0].fork()).toThrow(/state of 400 bytes: the device is out of memory/)
      for (const state of states) state.dispose()
      full = false
      expect(await batch.snapshot(0)).toEqual(before)
      await program.run(inputs, sound)
      expect(backend.bytes - held).toBeLessThan(500)
      device.destroy()
    })

    it('is the same after each of twenty models and their sessions', async () => {
      const backend = await open()
      for (let round = 0; round < 20; round++) {
        const model = await tinyModel(backend)
        using session = await createSession(model)
        await session.append(prompt)
        session.mark('here')
        await session.generate({ ...sampling, maxTokens: 2 }).result
        session.dispose()
        model.dispose()
        await Promise.resolve()
        expect(backend.bytes).toBe(0)
      }
    })
  })

  describe('a lost device', () => {
    it('ends what runs, and everything after it, with DeviceLostError', async () => {
      const backend = await open()
      const model = await tinyModel(backend)
      const state = await model.createState()
      const stream = generate(model, prompt, { ...sampling, maxTokens: 50 })
      let count = 0
      const loss = (async () => {
        for await (const _ of stream) if (++count === 5) backend.device.destroy()
      })()
      await expect(loss).rejects.toThrow(DeviceLostError)
      expect(count).toBeLessThan(7)
      await expect(model.next(state, 1)).rejects.toThrow(/device was lost: .* restore sessions from snapshots/)
      await expect(state.read()).rejects.toThrow(DeviceLostError)
      await expect(backend.upload(weight)).rejects.toThrow(DeviceLostError)
      await expect(createSession(model)).rejects.toThrow(DeviceLostError)
      model.dispose()
    })

    it('is replaced by recoverable, which continues every session from its last snapshot', async () => {
      const devices: GPUDevice[] = []
      using keeper = recoverable({
        async open() {
          const backend = await open()
          devices.push(backend.device)
          return tinyModel(backend)
        },
        create: (model) => createSession(model),
        restore: (model, bytes) => restoreSession(model, bytes),
      })
      const whole = async (text: number[], maxTokens: number) =>
        (await generate(await keeper.model(), text, { ...sampling, maxTokens }).result).ids
      const expected = [await whole(prompt, 12), await whole([7], 4)]

      const [one, two] = [keeper.session(), keeper.session()]
      await two.use((session) => session.append([7]))
      const told: number[] = []
      await one.use(async (session) => {
        await session.append(prompt)
        told.push(...(await session.generate({ ...sampling, maxTokens: 3 }).result).ids)
      })
      const interrupted = one.use(async (session, save) => {
        for await (const { id } of session.generate({ ...sampling, maxTokens: 9 })) {
          told.push(id)
          if (told.length === 6) await save()
          if (told.length === 8) devices[0].destroy()
        }
      })
      await expect(interrupted).rejects.toThrow(DeviceLostError)
      // back to what was saved after six
      told.length = 6
      const rest = await one.use((session) => session.generate({ ...sampling, maxTokens: 6 }).result)
      const other = await two.use((session) => session.generate({ ...sampling, maxTokens: 4 }).result)
      expect([[...told, ...rest.ids], other.ids]).toEqual(expected)
      expect(devices.length).toBe(2)
    })

    it('takes a batch with it; its rows go on from their snapshots on another one, token for token', async () => {
      const neutral = { repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0, topK: 0, minP: 0 }
      const settings = { ...neutral, ...sampling, logitBias: new Map(), history: { seen: [], output: new Map() } }
      const backend = await open()
      using batch = await (await tinyModel(backend)).createBatch(3)
      await batch.consume([0, 2].map((row) => ({ row, tokens: prompt.slice(row) })))
      const saved = [await batch.saveRow(0), await batch.saveRow(2)]
      const steps = [0, 2].map((row) => ({ row, token: 7, settings }))
      const expected = await batch.decode(steps, { count: 6 })
      const interrupted = batch.decode(steps, { count: 6 })
      backend.device.destroy()
      await expect(interrupted).rejects.toThrow(DeviceLostError)
      await expect(batch.saveRow(0)).rejects.toThrow(DeviceLostError)

      using again = await (await tinyModel(await open())).createBatch(3)
      await again.loadRow(0, saved[0])
      await again.loadRow(2, saved[1])
      expect(await again.decode(steps, { count: 6 })).toEqual(expected)
    })

    it('in work that may be repeated is not seen', async () => {
      const devices: GPUDevice[] = []
      using keeper = recoverable({
        async open() {
          const backend = await open()
          devices.push(backend.device)
          return tinyModel(backend)
        },
        create: (model) => createSession(model),
        restore: (model, bytes) => restoreSession(model, bytes),
      })
      const session = keeper.session()
      const work = async (live: Awaited<ReturnType<typeof createSession>>) => {
        await live.append(prompt)
        if (devices.length === 1) devices[0].destroy()
        return (await live.generate({ ...sampling, maxTokens: 4 }).result).ids
      }
      const ids = await session.use(work, { repeat: true })
      expect(ids).toEqual((await generate(await keeper.model(), prompt, { ...sampling, maxTokens: 4 }).result).ids)
      expect(devices.length).toBe(2)
    })
  })

  it('a NaN in a weight ends the session that meets it with LogitsError; the others go on', async () => {
    const bad = 9
    const spoiled = await tinyModel(await open(), (name, data) => {
      if (name.startsWith('embedding')) data[bad * (data.length / 31) + 2] = Number.NaN
    })
    const sound = await tinyModel(await open())
    const avoid = { ...sampling, logitBias: { [bad]: -100 }, maxTokens: 4 }
    using session = await createSession(spoiled)
    await session.append(prompt)
    using victim = session.fork()
    await victim.append([bad])
    await expect(victim.generate(avoid).result).rejects.toThrow(LogitsError)
    const { ids } = await session.generate(avoid).result
    expect(ids).toEqual((await generate(sound, prompt, avoid).result).ids)
  })
})
