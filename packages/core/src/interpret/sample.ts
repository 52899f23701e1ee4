import { ruleNames } from '../ops/sample.js'
import { philox } from './philox.js'
import type { Meanings, Tensor64 } from './tensor64.js'

type Rules = Readonly<Record<(typeof ruleNames)[number], number>>

/** A token that may be drawn. */
interface Candidate {
  readonly id: number
  /** (logit - best logit) / temperature, after penalties and bias. */
  readonly score: number
  /** exp(score) */
  readonly weight: number
}

export const sampleMeanings: Meanings<'sample' | 'accept'> = {
  sample([logits, rules, seed, index, history, bias], _attributes, [{ shape }]) {
    return [
      Int32Array.from({ length: shape[0] }, (_, row) => {
        const values = rowOf(logits!, row)
        if (values.some((logit) => Number.isNaN(logit) || logit === Infinity)) return -1
        if (values.every((logit) => logit === -Infinity)) return -1
        const own = Object.fromEntries(ruleNames.map((name, at) => [name, rowOf(rules!, row)[at]])) as Rules
        const scores = adjusted(values, own, history && rowOf(history, row), bias && rowOf(bias, row))
        return draw(scores, own, rowOf(seed!, row), index!.data[row])
      }),
    ]
  },
  accept([drawn, previous, mask, ends, history]) {
    const taken = Array.from(drawn!.data, (id, row) => id >= 0 && mask!.data[row] !== 0)
    const token = Int32Array.from(drawn!.data, (id, row) => (taken[row] ? id : previous!.data[row]))
    const left = Int32Array.from(ends!.data)
    taken.forEach((yes, row) => (left[row * ends!.type.shape[1]] -= yes ? 1 : 0))
    const alive = Int32Array.from(mask!.data, (live, row) => {
      const [most, ...stops] = rowOf(ends!, row)
      return taken[row] && (most <= 1 || stops.includes(token[row])) ? 0 : live
    })
    if (!history) return [token, alive, left]
    const next = Int32Array.from(history.data)
    taken.forEach((yes, row) => {
      const at = row * history.type.shape[1] + token[row]
      if (yes) next[at] = Math.max(next[at], 1) + 1
    })
    return [token, alive, left, next]
  },
}

function rowOf({ type, data }: Tensor64, row: number): number[] {
  const columns = type.shape[1]
  return Array.from(data.subarray(row * columns, (row + 1) * columns))
}

function adjusted(logits: number[], rules: Rules, history: number[] | null, bias: number[] | null): number[] {
  return logits.map((logit, id) => {
    const seen = history ? history[id] : 0
    const times = seen - 1
    let score = logit
    if (seen > 0) score = score > 0 ? score / rules.repetitionPenalty : score * rules.repetitionPenalty
    if (times > 0) score -= times * rules.frequencyPenalty + rules.presencePenalty
    return score + (bias ? bias[id] : 0)
  })
}

function draw(scores: number[], { temperature, topK, topP, minP }: Rules, key: number[], index: number): number {
  const best = scores.reduce((a, b) => Math.max(a, b))
  if (!(temperature > 0)) return scores.indexOf(best)
  let kept = scores
    .map((value, id): Candidate => {
      const score = (value - best) / temperature
      return { id, score, weight: Math.exp(score) }
    })
    .filter(({ score }) => score > -Infinity)
    .sort((a, b) => b.score - a.score || a.id - b.id)
  if (topK >= 1) kept = kept.slice(0, topK)
  if (topP < 1) kept = kept.slice(0, nucleus(kept, topP))
  if (minP > 0) kept = kept.filter(({ weight }, rank) => rank === 0 || weight >= minP)
  return race(kept, key, index)
}

/** How many of the first candidates have p of the weight of all together. */
function nucleus(kept: readonly Candidate[], p: number): number {
  const total = kept.reduce((sum, { weight }) => sum + weight, 0)
  let reached = 0
  const last = kept.findIndex(({ weight }) => (reached += weight) >= p * total)
  return last < 0 ? kept.length : last + 1
}

function race(kept: readonly Candidate[], key: number[], index: number): number {
  const groups = new Map<number, number[]>()
  let winner = { id: -1, time: Infinity }
  for (const { id, weight } of kept) {
    const group = groups.get(id >> 2) ?? philox([id >> 2, index, 0, 0], key)
    groups.set(id >> 2, group)
    const v = (group[id & 3] + 0.5) / 2 ** 32
    const time = -Math.log1p(-v) / weight
    if (winner.id < 0 || time < winner.time || (time === winner.time && id < winner.id)) winner = { id, time }
  }
  return winner.id
}
