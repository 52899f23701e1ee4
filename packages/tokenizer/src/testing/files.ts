/** Files the tests read: the bundled model, the reference cases of this package, and a shared folder that may be absent. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const at = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(at(path), 'utf8'))
}

export function readText(path: string): string {
  return readFileSync(at(path), 'utf8')
}

const SHARED = '../shared/tokenizers'
const hasShared = existsSync(at(`${SHARED}/oracle/cases.json.gz`))

/** Why the oracle tests do not run here, empty if they do. */
export const oracleMissing = hasShared ? '' : `no tokenizers in ${SHARED} beside the repository`

export function readOracle(name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(at(`${SHARED}/oracle/${name}.json.gz`))).toString())
}

export function readSharedTokenizer(name: string): string {
  return readText(`${SHARED}/${name}/tokenizer.json`)
}
