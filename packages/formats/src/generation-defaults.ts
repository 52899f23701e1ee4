import type { ConfigReader } from './families/config-reader.js'

/** What generation_config.json (and the token ids of config.json) suggest; the caller decides what to follow. */
export interface GenerationDefaults {
  /** Token before the first one of a text, where the model was trained with one. */
  readonly bosToken: number | null
  /** Tokens that end a text. */
  readonly eosTokens: readonly number[]
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly repetitionPenalty?: number
  readonly maxTokens?: number
}

export function readGenerationDefaults(
  fields: Readonly<Record<string, unknown>>,
  config: ConfigReader,
): GenerationDefaults {
  const number = (field: string) => (typeof fields[field] === 'number' ? fields[field] : undefined)
  const sampled = fields.do_sample === true
  const greedy = fields.do_sample === false ? 0 : undefined
  return withoutAbsent({
    bosToken: tokenIds(fields.bos_token_id ?? config.raw('bos_token_id'))[0] ?? null,
    eosTokens: tokenIds(fields.eos_token_id ?? config.raw('eos_token_id')),
    temperature: sampled ? number('temperature') : greedy,
    topP: sampled ? number('top_p') : undefined,
    topK: sampled ? number('top_k') : undefined,
    repetitionPenalty: number('repetition_penalty'),
    maxTokens: number('max_new_tokens'),
  })
}

function tokenIds(value: unknown): number[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((id): id is number => Number.isInteger(id) && id >= 0)
}

function withoutAbsent(defaults: {
  [Key in keyof GenerationDefaults]: GenerationDefaults[Key] | undefined
}): GenerationDefaults {
  return Object.fromEntries(
    Object.entries(defaults).filter(([, value]) => value !== undefined),
  ) as unknown as GenerationDefaults
}
