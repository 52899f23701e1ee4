import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

// the software GPU that comes with Chromium, unless the machine names another one
const driver = '/usr/lib/chromium/vk_swiftshader_icd.json'
if (existsSync(driver)) process.env.VK_DRIVER_FILES ??= driver
process.env.XDG_RUNTIME_DIR ??= tmpdir()

const folder = mkdtempSync(join(tmpdir(), 'retnet-backends-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const snapshot = join(folder, 'text.state')

async function generate(...args: string[]): Promise<number[]> {
  const io = memoryIo()
  const code = await run(['generate', '--seed', '5', '--json', '--snapshot-out', snapshot, ...args], io)
  if (code !== 0) throw new Error(io.output.stderr)
  return (JSON.parse(io.output.stdout) as { ids: number[] }).ids
}

const missing = await generate('--backend', 'webgpu', '-n', '1').then(
  () => null,
  (error: Error) => error.message.trim(),
)
const backends = ['cpu', 'onnx', ...(missing === null ? ['webgpu'] : [])]

describe('a text that moves between backends', () => {
  test.skipIf(missing !== null)(`webgpu takes part${missing === null ? '' : ` (${missing})`}`, () => {
    expect(backends).toContain('webgpu')
  })
  test('goes on token for token, whoever began it', async () => {
    const whole = await generate('--prompt', 'The old house', '-n', '12')
    for (const first of backends) {
      for (const second of backends.filter((other) => other !== first)) {
        const begin = await generate('--prompt', 'The old house', '-n', '5', '--backend', first)
        const rest = await generate('--snapshot-in', snapshot, '-n', '7', '--backend', second)
        expect([...begin, ...rest], `${first}, then ${second}`).toEqual(whole)
      }
    }
  })
})
