/** A fast wrong backend has no number: the greedy continuation must be the reference's, id for id. */
import { readFile } from 'node:fs/promises'
import { isQuantized } from '@retnet/core'
import { generate } from '@retnet/generate'
import { baseline, type Candidate } from './candidates.ts'

interface Continuation {
  readonly prompt_ids: readonly number[]
  readonly greedy_ids: readonly number[]
  readonly min_margin: number
}

export interface GateResult {
  readonly name: string
  readonly equal: number
  readonly of: number
}

/** Throws if a candidate is wrong. Weights of 8 and 4 bits are another model: for them the number is reported, not required. */
export async function checkCandidates(folder: string, candidates: readonly Candidate[]): Promise<GateResult[]> {
  const { greedy } = JSON.parse(await readFile(`${folder}/reference.json`, 'utf8')) as { greedy: Continuation[] }
  const safe = greedy.filter(({ min_margin }) => min_margin > 1e-3)
  const results: GateResult[] = []
  for (const candidate of candidates) {
    const slow = candidate.name === baseline
    results.push(await check(candidate, slow ? safe.slice(0, 1) : safe, slow ? 6 : 64))
  }
  return results
}

async function check(candidate: Candidate, continuations: readonly Continuation[], most: number): Promise<GateResult> {
  let equal = 0
  for (const { prompt_ids, greedy_ids } of continuations) {
    const { ids } = await generate(candidate.loaded.model, prompt_ids, { temperature: 0, maxTokens: most }).result
    const different = ids.findIndex((id, at) => id !== greedy_ids[at])
    equal += different < 0 ? ids.length : different
  }
  const of = continuations.length * most
  if (equal === of || isQuantized(candidate.dtype)) return { name: candidate.name, equal, of }
  throw new Error(`${candidate.name}: ${of - equal} of ${of} ids differ from the reference; there is nothing to time.`)
}
