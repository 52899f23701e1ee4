/** The `WhitespaceSplit` pre-tokenizer: what stands between whitespace. */
import { plain } from '../reading/steps.js'
import { classAt, endOfRun, SPACE, widthAt } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'

const whitespaceSplit: PreTokenizer = (text, start, end, emit, origin) => {
  for (let at = endOfRun(text, start, end, SPACE); at < end; at = endOfRun(text, at, end, SPACE)) {
    const from = at
    while (at < end && classAt(text, at) !== SPACE) at += widthAt(text, at)
    emit(text, from, at, origin)
  }
}

export const readWhitespaceSplit = /* @__PURE__ */ plain(whitespaceSplit)
