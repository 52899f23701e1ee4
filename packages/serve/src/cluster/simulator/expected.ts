import assert from 'node:assert/strict'
import type { LogEntry, Turn } from '../../turns/turn.js'
import { FAILING_SEED, FAILS_AFTER, nextToken } from './fake-engine.js'

/** The tokens of each text of a turn that goes on from `history`, written without any interruption. */
export function expectedTokens({ prompts, texts }: Turn, history: readonly number[] = []): number[][] {
  return texts.map(({ prompt, options }) => {
    const all = [...history, ...Array.from(prompts[prompt])]
    const begin = all.length
    const count = options.seed === FAILING_SEED ? Math.min(FAILS_AFTER, options.maxTokens!) : options.maxTokens!
    while (all.length < begin + count) all.push(nextToken(all, options.seed!))
    return all.slice(begin)
  })
}

/** That the entries are a whole stream of this turn: no token lost, doubled or other than it should be, and a defined end. */
export function checkStream(turn: Turn, entries: readonly LogEntry[], history: readonly number[]): void {
  const [first] = entries
  const last = entries.at(-1)
  assert.equal(first?.kind, 'open', `${turn.id} does not begin as it should`)
  assert.equal(last?.kind, 'end', `${turn.id} has no end`)
  assert.equal(entries.filter(({ kind }) => kind === 'end' || kind === 'open').length, 2, `${turn.id} ends twice`)
  if (last.error !== null) return assert.notEqual(last.error.code, 'internal_error')
  for (const [of, tokens] of expectedTokens(turn, history).entries()) {
    const own = entries.filter((entry) => 'of' in entry && entry.of === of)
    const ids = own.flatMap((entry) => (entry.kind === 'token' ? [entry.id] : []))
    if (last.cancelled) assert.deepEqual(ids, tokens.slice(0, ids.length), `${turn.id} text ${of}`)
    else assert.deepEqual(ids, tokens, `${turn.id} text ${of}`)
    checkEntries(turn, of, own, last.cancelled)
  }
}

function checkEntries(turn: Turn, of: number, own: readonly LogEntry[], cancelled: boolean): void {
  const { prompt, options, scorePrompt } = turn.texts[of]
  const kinds = (kind: LogEntry['kind']): number => own.filter((entry) => entry.kind === kind).length
  const fails = options.seed === FAILING_SEED && FAILS_AFTER < options.maxTokens!
  if (cancelled) return
  assert.equal(kinds('begin'), 1, `${turn.id} text ${of} begins`)
  assert.equal(kinds('error'), fails ? 1 : 0, `${turn.id} text ${of} fails`)
  assert.equal(
    kinds('prompt'),
    scorePrompt ? turn.prompts[prompt].length : 0,
    `${turn.id} text ${of} scores its prompt`,
  )
}
