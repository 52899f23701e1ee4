/** Finds an adapter and opens a device: the browser's own, or Dawn's in Node. */
import { ArgumentError } from '@retnet/core'
import { AdapterError } from '../errors.js'
import { type Profile, type ProfileName, describeProfile, featuresFor, profileNames } from './profile.js'

export interface DeviceOptions {
  /** A device of the caller, with the features and limits it was made with; it is not destroyed by `dispose`. */
  readonly device?: GPUDevice
  readonly powerPreference?: GPUPowerPreference
  /** Node: flags for Dawn, such as `backend=vulkan`; added to those that this library needs. */
  readonly dawn?: readonly string[]
  /** Level of the feature ladder; default: the best that the adapter offers. */
  readonly profile?: ProfileName
  /** Asks for the feature that `timeKernels` of a program needs, where the adapter has it. */
  readonly timestamps?: boolean
}

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
  const { gpu, keepAlive } = await findGpu(options)
  const adapter = await gpu.requestAdapter(options.powerPreference ? { powerPreference: options.powerPreference } : {})
  if (!adapter) {
    throw new AdapterError('no WebGPU adapter was found.', 'Check the driver, or use another backend such as @retnet/cpu.')
  }
  if (options.device) {
    const profile = describeProfile(levelOf(options.device.features, options.profile), adapter, options.device)
    return { device: options.device, profile, keepAlive: [...keepAlive, adapter], owned: false }
  }
  const name = levelOf(adapter.features, options.profile)
  const timing = options.timestamps && adapter.features.has('timestamp-query') ? (['timestamp-query'] as const) : []
  const device = await adapter.requestDevice({
    requiredFeatures: [...featuresFor(name, adapter.features)!, ...timing],
    requiredLimits: wantedLimits(adapter.limits),
  })
  return { device, profile: describeProfile(name, adapter, device), keepAlive: [...keepAlive, adapter], owned: true }
}

function levelOf(offered: ReadonlySet<string>, forced: ProfileName | undefined): ProfileName {
  if (forced === undefined) return profileNames.find((name) => featuresFor(name, offered))!
  if (!profileNames.includes(forced)) {
    throw new ArgumentError({ argument: 'profile', expected: profileNames.join(', '), actual: forced })
  }
  if (featuresFor(forced, offered)) return forced
  throw new AdapterError(`the adapter lacks a feature of the profile ${forced}.`, 'Leave the profile out to use the best there is.')
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
  const { create, globals } = await importDawn()
  // usage flags and error classes, which browsers have as globals
  for (const [name, value] of Object.entries(globals)) if (!(name in globalThis)) Object.assign(globalThis, { [name]: value })
  const gpu = create([...dawnFlags, ...dawn]) as GPU
  return { gpu, keepAlive: [gpu] }
}

async function importDawn(): Promise<{ create: (flags: string[]) => unknown; globals: object }> {
  const name = 'webgpu'
  try {
    return await import(/* @vite-ignore */ name)
  } catch (error) {
    const wrapped = new AdapterError('this host has no WebGPU of its own.', 'In Node install the package `webgpu` beside @retnet/webgpu.')
    wrapped.cause = error
    throw wrapped
  }
}
