// What the bundled model writes by a schema: whatever it would rather write, the text is valid JSON of that schema.
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect, test } from 'vitest'
import { schemas } from '../../../serve/src/grammar/testing.js'
import { memoryIo } from '../memory-io.js'
import { run } from '../run.js'

const model = resolve(import.meta.dirname, '../../../../models/novels-7m')
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
interface Answer {
  readonly choices: readonly { readonly text: string; readonly finish_reason: string }[]
}

async function write(url: string, schema: unknown, more: object): Promise<Answer> {
  const json = { type: 'json_schema', json_schema: { name: 'a', schema } }
  const body = { prompt: 'The letter said:', max_tokens: 100, n: 2, response_format: json, ...more }
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify(body), headers })
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

test('novels-7m writes what is valid by its schema, whenever it comes to the end', async () => {
  let stop = () => {}
  const io = { ...memoryIo(), onStop: (listener: () => void) => ((stop = listener), () => {}) }
  const ended = run(['serve', '--model', model, '--port', '0', '--rows', '8', '--threads', '1'], io)
  await expect.poll(() => io.output.stdout, { timeout: 60_000 }).toContain('curl')
  const url = /http:\S+(?=\/v1)/.exec(io.output.stdout)![0]
  let whole = 0
  for (const [name, schema] of Object.entries(schemas)) {
    const isValid = ajv.compile(schema as object)
    const answers = await Promise.all([
      write(url, schema, { seed: 1 }),
      write(url, schema, { seed: 9, temperature: 0.4, top_p: 0.9 }),
    ])
    for (const { text, finish_reason: reason } of answers.flatMap(({ choices }) => choices)) {
      expect([name, reason]).toEqual([name, expect.stringMatching(/^(stop|length)$/)])
      if (reason !== 'stop') continue
      whole++
      if (!isValid(JSON.parse(text))) expect.unreachable(`${name}: ${text}: ${ajv.errorsText(isValid.errors)}`)
    }
  }
  expect(whole).toBeGreaterThan(2 * Object.keys(schemas).length)
  stop()
  expect(await ended).toBe(0)
}, 120_000)
