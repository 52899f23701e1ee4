/** The options of sampling: a flag for each option of @retnet/generate, over what the model suggests for itself. */
import type { GenerationDefaults } from '@retnet/formats'
import type { GenerateOptions } from '@retnet/generate'
import { type Command, InvalidArgumentError } from 'commander'
import { finiteNumber, wholeNumber } from './numbers.js'

export interface SamplingOptions {
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  readonly logitBias?: Readonly<Record<number, number>>
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly stopId?: readonly number[]
  readonly ignoreEos?: boolean
}

export function addSamplingOptions(command: Command): Command {
  return command
    .option('-n, --max-tokens <n>', 'most tokens to write', wholeNumber(0))
    .option('--temperature <x>', '0 takes the best token always', finiteNumber)
    .option('--top-k <n>', 'keep the n best tokens; 0 keeps all', wholeNumber(0))
    .option('--top-p <x>', 'keep the best tokens with this probability together', finiteNumber)
    .option('--min-p <x>', 'keep tokens with this fraction of the best probability', finiteNumber)
    .option('--repetition-penalty <x>', 'factor on tokens that occurred, prompt included', finiteNumber)
    .option('--frequency-penalty <x>', 'taken from a logit for each time it was written', finiteNumber)
    .option('--presence-penalty <x>', 'taken from a logit once it was written', finiteNumber)
    .option('--logit-bias <id=x>', 'add x to the logit of a token; may be repeated', collectBias)
    .option('--seed <n>', 'the same seed writes the same text, on every backend', wholeNumber(0))
    .option(
      '--stop <text>',
      'end before this text; may be repeated',
      collect<string>((text) => text),
    )
    .option('--stop-id <id>', 'end at this token; may be repeated', collect(wholeNumber(0)))
    .option('--ignore-eos', 'do not end where the model ends the text')
}

/** Flags first, then generation_config.json, then the defaults of @retnet/generate. */
export function generateOptions(flags: SamplingOptions, defaults: GenerationDefaults): GenerateOptions {
  const { stopId = [], ignoreEos = false, stop = [], logitBias, seed } = flags
  const { frequencyPenalty, presencePenalty, minP } = flags
  return {
    maxTokens: flags.maxTokens ?? defaults.maxTokens,
    temperature: flags.temperature ?? defaults.temperature,
    topK: flags.topK ?? defaults.topK,
    topP: flags.topP ?? defaults.topP,
    repetitionPenalty: flags.repetitionPenalty ?? defaults.repetitionPenalty,
    minP,
    frequencyPenalty,
    presencePenalty,
    logitBias,
    seed,
    stop,
    stopIds: [...stopId, ...(ignoreEos ? [] : defaults.eosTokens)],
  }
}

function collect<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

function collectBias(text: string, before: Readonly<Record<number, number>> = {}): Record<number, number> {
  const [, id, bias] = /^(\d+)=(.+)$/.exec(text) ?? []
  if (id === undefined)
    throw new InvalidArgumentError(`Expected ID=NUMBER, such as 0=-100, got ${JSON.stringify(text)}.`)
  return { ...before, [wholeNumber(0)(id)]: finiteNumber(bias) }
}
