/** `BertNormalizer`: controls go, whitespace becomes a space, Chinese characters get spaces around them, accents and case go. */
import { replaceIn } from '../origin/origin.js'
import { asBoolean } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import type { Normalizer } from './normalizer.js'
import { lowercase, stripNonspacing } from './letters.js'
import { unicodeForm } from './unicode-forms.js'

// Of the controls three are whitespace; code points without a character stay, as in the reference.
const toClean = /\p{White_Space}|[\0\ufffd\p{Cc}\p{Cf}\p{Co}]/gu
const isKept = /[\t\n\r\p{Z}]/u
// The last range but two begins at 2B920, as in the reference.
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu
const beyondAscii = /[^\0-\x7f]/

const clean: Normalizer = (text, edits) =>
  replaceIn(text, toClean, (character) => (isKept.test(character) ? ' ' : ''), edits)
const spaceChinese: Normalizer = (text, edits) => replaceIn(text, chinese, (character) => ` ${character} `, edits)

/** The steps of a `BertNormalizer`, each of which offsets need alone. */
export function readBertSteps(step: Step): Normalizer[] {
  const file = readSettings(step, {
    clean_text: asBoolean,
    handle_chinese_chars: asBoolean,
    strip_accents: (value, path) => (value === null ? null : asBoolean(value, path)),
    lowercase: asBoolean,
  })
  const steps: Normalizer[] = []
  if (file.clean_text) steps.push(clean)
  if (file.handle_chinese_chars) steps.push(unlessAscii(spaceChinese))
  if (file.strip_accents ?? file.lowercase) steps.push(unlessAscii(unicodeForm('NFD')), unlessAscii(stripNonspacing))
  if (file.lowercase) steps.push(lowercase)
  return steps
}

/** ASCII alone is not changed by these steps. */
function unlessAscii(step: Normalizer): Normalizer {
  return (text, edits) => (beyondAscii.test(text) ? step(text, edits) : text)
}
