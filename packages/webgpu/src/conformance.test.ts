// The whole table on a software adapter, level by level. A level tests what it has kernels of its own for.
import { type ModelCheckOptions, backendChecks } from '@retnet/conformance'
import { testBackend, testModels } from '@retnet/conformance/vitest'
import { describe, test } from 'vitest'
import type { WebGpuOptions } from './device/device-options.js'
import { openDevice } from './device/open-device.js'
import { type Profile, tuned } from './device/profile.js'
import { kernelKeys } from './testing/kernel-keys.js'
import { loadFixture } from './testing/load-fixture.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { webgpu } from './webgpu.js'

const missing = await findSoftwareAdapter()

type Level = Required<Pick<WebGpuOptions, 'profile' | 'tune'>>
const hardware = { barriers: true, fuse: true }
const levels: readonly (Level & { readonly name: string })[] = [
  { name: 'no features', profile: 'basic', tune: {} },
  { name: 'no features, kernels for hardware', profile: 'basic', tune: hardware },
  { name: 'subgroups', profile: 'subgroups', tune: {} },
  { name: 'subgroups, kernels for hardware', profile: 'subgroups', tune: hardware },
]
// all chunks and lengths are compared on the cpu; compiling every form of every model is what takes long here
const fewForms: ModelCheckOptions = {
  forms: [
    { form: 'recurrent' },
    { form: 'parallel' },
    ...[7, 16].map((chunk) => ({ form: 'chunkwise' as const, chunk })),
  ],
  lengths: [63],
}
const oneForm: ModelCheckOptions = { forms: [{ form: 'chunkwise', chunk: 16 }], lengths: [] }
const contract = backendChecks.filter(({ suite }) => suite === 'keeps the contract').map(({ id }) => id)

if (missing) describe('webgpu', () => test.skip(`all levels (${missing})`, () => {}))
else await declareLevels()

async function declareLevels(): Promise<void> {
  describe('states in halves, no features: the contract', () => {
    testBackend(() => webgpu({ profile: 'basic', stateDtype: 'f16', poison: true }), { only: new Set(contract) })
  })
  const tested = new Set<string>()
  for (const { name, ...options } of levels) {
    const only = new Set(contract)
    const first = tested.size === 0
    for (const [id, kernels] of kernelKeys(await profileOf(options))) {
      if (first || kernels.some((kernel) => !tested.has(kernel))) only.add(id)
      for (const kernel of kernels) tested.add(kernel)
    }
    if (only.size === contract.length) continue
    describe(`${name}: ${first ? 'all checks' : `the ${only.size} checks that run a new kernel`}`, () => {
      const make = () => webgpu({ ...options, poison: true })
      testBackend(make, { only })
      describe('reference models', () => testModels(make, loadFixture, first ? fewForms : oneForm))
    })
  }
}

async function profileOf({ profile: level, tune }: Level): Promise<Profile> {
  const { device, profile } = await openDevice({ profile: level })
  device.destroy()
  return tuned(profile, tune)
}
