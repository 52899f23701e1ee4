// Code fences of a markdown file. `<!-- example -->` before a fence marks the one that must run as it stands.
import { readFileSync } from 'node:fs'

export type Fence = {
  readonly language: string
  readonly code: string
  /** Line of the opening fence, counted from 1. */
  readonly line: number
  readonly runnable: boolean
}

const fence = /^(<!-- example -->\s*\n+)?```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm

export function fencesOf(file: string): Fence[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(fence)].map((match) => {
    const [, mark, language, code] = match
    const line = text.slice(0, match.index + (mark ?? '').length).split('\n').length
    return { language, code, line, runnable: mark !== undefined }
  })
}
