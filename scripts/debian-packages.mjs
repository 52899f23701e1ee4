// What tests can use beyond npm: a software GPU (SwiftShader inside Chromium, and the Vulkan loader for Node) and a Redis. Tests for which
// it is missing are skipped.
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say, step, StepFailed } from './step.mjs'

const wanted = [
  {
    package: 'chromium',
    use: 'the WebGPU tests',
    isThere: () => isCommand('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
  },
  { package: 'libvulkan1', use: 'the WebGPU tests', isThere: hasVulkanLoader },
  { package: 'redis-server', use: 'the tests with Redis', isThere: () => isCommand('redis-server', 'valkey-server') },
]

/**
 * Installs what is missing where that disturbs nobody: as root on Debian, which is how containers run. Anywhere else, and when the
 * installation fails, it says what the tests will skip.
 */
export async function ensureDebianPackages({ environment }) {
  const missing = wanted.filter(({ isThere }) => !isThere())
  if (missing.length === 0) return
  const names = missing.map((one) => one.package)
  const hint = missing.map((one) => `${one.use} will be skipped without ${one.package}`).join('; ')
  if (!isRootOnDebian()) return say(hint)
  const options = { environment: { ...environment, DEBIAN_FRONTEND: 'noninteractive' } }
  try {
    await step('updating the list of Debian packages', 'apt-get', ['update', '-qq'], options)
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...names]
    await step(`installing for the tests: ${names.join(', ')}`, 'apt-get', install, options)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`${error.message.trim().split('\n').slice(-3).join('\n')}\nretnet: ${hint}`)
  }
}

function isCommand(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))))
}

// the loader lies in a folder of the architecture: /usr/lib/x86_64-linux-gnu
function hasVulkanLoader() {
  const architecture = { x64: 'x86_64', arm64: 'aarch64' }[process.arch]
  const folders = ['/usr/lib64', '/usr/lib', `/usr/lib/${architecture}-linux-gnu`]
  return process.platform !== 'linux' || folders.some((folder) => existsSync(join(folder, 'libvulkan.so.1')))
}

function isRootOnDebian() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}
