/** The decoder `Strip`: up to so many of one character off the start and the end of every token. */
import { asCharacter, asId } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { eachToken, type Decoder, type DecoderStage } from './decoder.js'

export function readStrip(step: Step): Decoder {
  const { content, start, stop } = readSettings(step, { content: asCharacter, start: asId, stop: asId })
  const perToken = eachToken((token) => stripEnd(stripStart(token, content, start), content, stop))
  return (fused) => (fused ? stripParts(content, start, stop) : perToken(false))
}

function stripStart(text: string, content: string, most: number): string {
  let at = 0
  for (let i = 0; i < most && text.startsWith(content, at); i++) at += content.length
  return text.slice(at)
}

function stripEnd(text: string, content: string, most: number): string {
  let end = text.length
  for (let i = 0; i < most && text.endsWith(content, end); i++) end -= content.length
  return text.slice(0, Math.max(0, end))
}

/** The same on one token in parts: the start is counted down, a possible end is held back. */
function stripParts(content: string, start: number, stop: number): DecoderStage {
  let left = start
  let held = ''
  return {
    push(part, emit) {
      if (part === '') return
      const text = stripStart(part, content, left)
      left = text === '' ? left - part.length / content.length : 0
      const ready = held + text
      const kept = stripEnd(ready, content, stop)
      held = ready.slice(kept.length)
      emit(kept)
    },
    end: () => {
      left = start
      held = ''
    },
  }
}
