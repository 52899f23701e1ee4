/** What the log of a turn tells of its texts: an earlier worker may have come some way. */
import type { LogEntry, TextEntry, Turn } from './turn.js'

export interface TextPast {
  begun: boolean
  /** Prompt tokens whose probabilities were given. */
  promptTokens: number
  readonly drawn: number[]
  /** Nothing more of it is given: it is complete, or has failed. */
  ended: boolean
  failed: boolean
}

export function pastOf({ texts }: Turn, entries: readonly LogEntry[]): TextPast[] {
  const all = texts.map((): TextPast => ({ begun: false, promptTokens: 0, drawn: [], ended: false, failed: false }))
  for (const entry of entries) if ('of' in entry) note(all[entry.of], entry)
  return all
}

function note(past: TextPast, entry: TextEntry): void {
  if (entry.kind === 'begin') past.begun = true
  else if (entry.kind === 'prompt') past.promptTokens++
  else if (entry.kind === 'token') {
    past.drawn.push(entry.id)
    past.ended = entry.finishReason !== undefined
  } else {
    past.ended = true
    past.failed = entry.kind === 'error'
  }
}
