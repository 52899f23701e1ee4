/** The four forms of Unicode, with what they change. */
import { replaceIn, type Edits } from '../origin/origin.js'
import type { Form } from './plain-forms.js'
import type { Normalizer } from './normalizer.js'

// A character and the marks on it. Jamo of the second and third kind join the one before them.
const cluster = /[^\p{M}\u1160-\u11ff]?[\p{M}\u1160-\u11ff]*/gsu

export function unicodeForm(form: Form): Normalizer {
  return (text, edits) => {
    const normalized = text.normalize(form)
    if (!edits || normalized === text) return normalized
    const parts: Edits = []
    if (replaceIn(text, cluster, (part) => part.normalize(form), parts) === normalized)
      for (const n of parts) edits.push(n)
    // Clusters that work on one another are one change.
    else edits.push(0, text.length, normalized.length)
    return normalized
  }
}
