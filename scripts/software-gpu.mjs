// A software GPU for the tests: SwiftShader inside Chromium, and the Vulkan loader for Node. Without it the WebGPU tests are skipped.
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say, step, StepFailed } from './step.mjs'

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const packages = ['chromium', 'libvulkan1']

/**
 * Installs what is missing where that disturbs nobody: as root on Debian, which is how containers run. Anywhere else, and when the
 * installation fails, it says what the tests will skip.
 */
export async function ensureSoftwareGpu({ environment }) {
  if (findBrowser() && findLoader()) return
  const hint = `the WebGPU tests will be skipped; ${packages.join(' and ')} would let them run on a software GPU`
  if (!isRootOnDebian()) return say(`no software GPU: ${hint}`)
  const options = { environment: { ...environment, DEBIAN_FRONTEND: 'noninteractive' } }
  try {
    await step('updating the list of Debian packages', 'apt-get', ['update', '-qq'], options)
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages]
    await step(`installing a software GPU for the tests (${packages.join(', ')})`, 'apt-get', install, options)
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    say(`${error.message.trim().split('\n').slice(-3).join('\n')}\nretnet: no software GPU: ${hint}`)
  }
}

function findBrowser() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => browsers.some((name) => existsSync(join(folder, name))))
}

// the loader lies in a folder of the architecture: /usr/lib/x86_64-linux-gnu
function findLoader() {
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
