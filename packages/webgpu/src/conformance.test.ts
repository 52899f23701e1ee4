// The whole table on a software adapter, level by level. A level tests what it compiles to other kernels than the levels before it.
import { backendChecks } from '@retnet/conformance'
import { testBackend, testModels } from '@retnet/conformance/vitest'
import { describe, test } from 'vitest'
import type { WebGpuOptions } from './device/device-options.js'
import { openDevice } from './device/open-device.js'
import type { Profile } from './device/profile.js'
import { kernelKeys } from './testing/kernel-keys.js'
import { loadFixture } from './testing/load-fixture.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { webgpu } from './webgpu.js'

const missing = await findSoftwareAdapter()

type Level = Required<Pick<WebGpuOptions, 'profile' | 'barriers'>>
const levels: readonly (Level & { readonly name: string })[] = [
  { name: 'no features', profile: 'basic', barriers: false },
  { name: 'no features, kernels for hardware', profile: 'basic', barriers: true },
  { name: 'subgroups', profile: 'subgroups', barriers: false },
  { name: 'subgroups, kernels for hardware', profile: 'subgroups', barriers: true },
]
const contract = backendChecks.filter(({ suite }) => suite === 'keeps the contract').map(({ id }) => id)

if (missing) describe('webgpu', () => test.skip(`all levels (${missing})`, () => {}))
else await declareLevels()

async function declareLevels(): Promise<void> {
  const tested = new Map<string, Set<string>>()
  for (const { name, ...options } of levels) {
    const only = new Set(contract)
    for (const [id, key] of kernelKeys(await profileOf(options))) {
      const known = tested.get(id) ?? new Set()
      if (!known.has(key)) only.add(id)
      tested.set(id, known.add(key))
    }
    if (only.size === contract.length) continue
    describe(`${name}: ${only.size} of ${backendChecks.length} checks run kernels of their own`, () => {
      const make = () => webgpu({ ...options, poison: true })
      testBackend(make, { only })
      describe('reference models', () => testModels(make, loadFixture))
    })
  }
}

async function profileOf({ profile: level, barriers }: Level): Promise<Profile> {
  const { device, profile } = await openDevice({ profile: level })
  device.destroy()
  return { ...profile, barriers }
}
