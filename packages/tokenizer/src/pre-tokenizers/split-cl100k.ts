/**
 * The pattern of cl100k, Llama 3 and Qwen 2 as a scanner:
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, where the most
 * digits in one piece vary.
 */
import { classAt, endOfRun, LETTER, NUMBER, OTHER, SPACE, widthAt } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { endOfSpace, unitsOfContraction } from './split-gpt2.js'

const BLANK = 0x20
const APOSTROPHE = 0x27

const isLineBreak = (unit: number): boolean => unit === 0x0a || unit === 0x0d

function endOfLineBreaks(text: string, at: number, end: number): number {
  while (at < end && isLineBreak(text.charCodeAt(at))) at++
  return at
}

function endOfNumber(text: string, at: number, end: number, mostDigits: number): number {
  for (let i = 0; i < mostDigits && at < end && classAt(text, at) === NUMBER; i++) at += widthAt(text, at)
  return at
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line break of the run, if it has one. */
function endOfLinesOrSpace(text: string, at: number, end: number): number {
  for (let last = endOfRun(text, at, end, SPACE); last > at; last--) {
    if (isLineBreak(text.charCodeAt(last - 1))) return last
  }
  return endOfSpace(text, at, end)
}

function endOfPiece(text: string, at: number, end: number, mostDigits: number): number {
  const unit = text.charCodeAt(at)
  if (unit === APOSTROPHE) {
    // U+017F, the long s, equals s where case does not count.
    const two = text
      .slice(at + 1, Math.min(at + 3, end))
      .toLowerCase()
      .replace('\u017f', 's')
    const units = unitsOfContraction(two)
    if (units > 0) return at + units
  }
  const kind = classAt(text, at)
  if (kind === LETTER) return endOfRun(text, at, end, LETTER)
  if (kind === NUMBER) return endOfNumber(text, at, end, mostDigits)
  const following = at + widthAt(text, at)
  const nextKind = following < end ? classAt(text, following) : 0
  if (nextKind === LETTER && !isLineBreak(unit)) return endOfRun(text, following, end, LETTER)
  if (kind === OTHER) return endOfLineBreaks(text, endOfRun(text, at, end, OTHER), end)
  if (unit === BLANK && nextKind === OTHER) return endOfLineBreaks(text, endOfRun(text, following, end, OTHER), end)
  return endOfLinesOrSpace(text, at, end)
}

export function splitCl100k(mostDigits: number): PreTokenizer {
  return (text, start, end, emit, origin) => {
    for (let at = start; at < end;) {
      const stop = endOfPiece(text, at, end, mostDigits)
      emit(text, at, stop, origin)
      at = stop
    }
  }
}
