/** The templates of a model by name, from the files they come in. `default` is the one that is used when none is named. */
import { TokenizerFormatError } from '../errors.js'
import { asFields, asList, asText, field, wrong } from '../reading/fields.js'
import { ChatTemplateError } from './errors.js'

export interface ChatTemplateFiles {
  /** `tokenizer_config.json`: its text or its parsed value. Gives `chat_template`, and the special tokens that templates name. */
  readonly tokenizerConfig?: string | object
  /** `chat_template.jinja`: the template itself. It comes before the one of `tokenizerConfig`. */
  readonly chatTemplate?: string
  /** `additional_chat_templates/NAME.jinja` by name. */
  readonly additionalTemplates?: Readonly<Record<string, string>>
}

export interface ReadTemplates {
  readonly templates: ReadonlyMap<string, string>
  /** `bos_token`, `eos_token` and the like, as templates see them. */
  readonly specialTokens: Readonly<Record<string, string>>
}

/** Throws `ChatTemplateError` for a file that is broken. */
export function readTemplates(files: ChatTemplateFiles): ReadTemplates {
  try {
    return read(files)
  } catch (cause) {
    if (!(cause instanceof TokenizerFormatError)) throw cause
    const { path, expected, actual } = cause
    const message = `tokenizer_config.json: ${path}: expected ${expected}, got ${actual}.`
    throw new ChatTemplateError('broken', message, { cause })
  }
}

function read({ tokenizerConfig = {}, chatTemplate, additionalTemplates = {} }: ChatTemplateFiles): ReadTemplates {
  const config = asFields(parse(tokenizerConfig), 'the file')
  const templates = new Map(readTemplateField(field(config, 'chat_template')))
  for (const [name, text] of Object.entries(additionalTemplates)) templates.set(name, text)
  if (chatTemplate !== undefined) templates.set('default', chatTemplate)
  return { templates, specialTokens: readSpecialTokens(config) }
}

function parse(config: string | object): unknown {
  if (typeof config !== 'string') return config
  try {
    return JSON.parse(config)
  } catch (cause) {
    throw wrong('the file', 'JSON', cause instanceof Error ? cause.message : cause)
  }
}

/** One template, or a list of named ones. */
function readTemplateField(value: unknown): [name: string, text: string][] {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return [['default', value]]
  return asList(value, 'chat_template').map((each, index) => {
    const path = `chat_template[${index}]`
    const fields = asFields(each, path)
    return [asText(field(fields, 'name'), `${path}.name`), asText(field(fields, 'template'), `${path}.template`)]
  })
}

// a token is its text, or an object with its text and flags
function readSpecialTokens(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const tokens: Record<string, string> = {}
  for (const [key, value] of Object.entries(config)) {
    if (!/^[a-z]+_token$/.test(key)) continue
    const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>).content : value
    if (typeof text === 'string') tokens[key] = text
  }
  return tokens
}
