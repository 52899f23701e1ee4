/** Finds an adapter and opens a device: the browser's own, or Dawn's in Node. */
import { AdapterError } from '../errors.js'
import type { DeviceOptions } from './device-options.js'
import { type Profile, type ProfileName, describeProfile, featuresFor, profileNames } from './profile.js'

export interface OpenDevice {
  readonly device: GPUDevice
  readonly profile: Profile
  /** Objects that must stay reachable while the device lives: Dawn crashes when its instance is collected. */
  readonly keepAlive: readonly unknown[]
  readonly owned: boolean
}

const dawnFlags = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia,use_vulkan_memory_model,disable_robustness,disable_workgroup_init',
]

export async function openDevice(options: DeviceOptions): Promise<OpenDevice> {
  if (options.device) return adoptDevice(options.device, options.profile)
  const { gpu, keepAlive } = await findGpu(options)
  const { powerPreference } = options
  const adapter = await gpu.requestAdapter(powerPreference ? { powerPreference } : {})
  if (!adapter) {
    throw new AdapterError(
      'no WebGPU adapter was found.',
      'Check the graphics driver (Node on Linux needs Vulkan: libvulkan1 and the driver of the GPU), or use another backend such as @retnet/cpu.',
    )
  }
  const name = levelOf('adapter', adapter.features, options.profile)
  const device = await adapter.requestDevice({
    requiredFeatures: featuresFor(name, adapter.features)!,
    requiredLimits: wantedLimits(adapter.limits),
  })
  const profile = describeProfile(name, adapter.info, device)
  return { device, profile, keepAlive: [...keepAlive, adapter], owned: true }
}

async function adoptDevice(device: GPUDevice, level: ProfileName | undefined): Promise<OpenDevice> {
  if (!('GPUBufferUsage' in globalThis)) await importDawn()
  const profile = describeProfile(levelOf('device', device.features, level), device.adapterInfo, device)
  return { device, profile, keepAlive: [], owned: false }
}

function levelOf(owner: string, offered: ReadonlySet<string>, forced: ProfileName | undefined): ProfileName {
  if (forced === undefined) return profileNames.find((name) => featuresFor(name, offered))!
  if (featuresFor(forced, offered)) return forced
  throw new AdapterError(
    `the ${owner} lacks a feature of the profile ${forced}.`,
    'Leave the profile out to use the best there is.',
  )
}

/** The defaults of WebGPU are far below what devices have; ask for all of it. */
function wantedLimits(limits: GPUSupportedLimits): Record<string, number> {
  const names = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupSizeY',
    'maxStorageBuffersPerShaderStage',
  ] as const
  return Object.fromEntries(names.map((name) => [name, limits[name]]))
}

async function findGpu({ dawn = [] }: DeviceOptions): Promise<{ gpu: GPU; keepAlive: readonly unknown[] }> {
  const browser = (globalThis.navigator as Navigator | undefined)?.gpu
  if (browser) return { gpu: browser, keepAlive: [] }
  const { create } = await importDawn()
  const gpu = create([...dawnFlags, ...dawn]) as GPU
  return { gpu, keepAlive: [gpu] }
}

/** Loads Dawn, and puts the usage flags and error classes, which browsers have as globals, where they are there. */
async function importDawn(): Promise<{ create: (flags: string[]) => unknown }> {
  const name = 'webgpu'
  try {
    const { create, globals } = (await import(/* @vite-ignore */ name)) as { create: () => unknown; globals: object }
    for (const [key, value] of Object.entries(globals)) {
      if (!(key in globalThis)) Object.assign(globalThis, { [key]: value as unknown })
    }
    return { create }
  } catch (error) {
    const wrapped = new AdapterError(
      'this host has no WebGPU of its own.',
      'In Node install the package `webgpu` beside @retnet/webgpu; elsewhere use another backend such as @retnet/cpu.',
    )
    wrapped.cause = error
    throw wrapped
  }
}
