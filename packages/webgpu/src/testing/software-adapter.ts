/** A GPU for tests on machines without one: SwiftShader, which Chromium brings along, through the Vulkan loader of the system. */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AdapterError } from '../errors.js'
import { openDevice } from '../device/open-device.js'

const folders = [
  '/usr/lib/chromium',
  '/usr/lib64/chromium-browser',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/opt/chromium',
]

/**
 * Points Vulkan at SwiftShader, before Dawn loads. Drivers that the environment names already (VK_DRIVER_FILES) are left as they are,
 * so that the same tests run on a real GPU. Returns null, or the reason why there is no adapter.
 */
export async function findSoftwareAdapter(): Promise<string | null> {
  const driver = folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((file) => existsSync(file))
  process.env.VK_DRIVER_FILES ??= driver
  // the loader complains on stderr without it
  process.env.XDG_RUNTIME_DIR ??= tmpdir()
  try {
    const { device } = await openDevice({ profile: 'basic' })
    device.destroy()
    return null
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error
    return 'no Vulkan adapter: install chromium and libvulkan1'
  }
}
