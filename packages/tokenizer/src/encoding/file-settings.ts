/** Reads `truncation` and `padding` of a `tokenizer.json` as the options of calls. */
import { asFields, asId, asText, field, refuseUnknownKeys, wrong } from '../reading/fields.js'
import { readPadding, type Padding } from './padding.js'
import { readTruncation, type Truncation } from './truncation.js'

const STRATEGIES = { LongestFirst: 'longestFirst', OnlyFirst: 'onlyFirst', OnlySecond: 'onlySecond' } as const
const DIRECTIONS = { Left: 'left', Right: 'right' } as const

export function readFileTruncation(value: unknown): Truncation | undefined {
  if (value === null) return undefined
  const fields = asFields(value, 'truncation')
  refuseUnknownKeys(fields, 'truncation', ['direction', 'max_length', 'strategy', 'stride'])
  return readTruncation('tokenizer.json', {
    maxLength: asId(field(fields, 'max_length'), 'truncation.max_length'),
    stride: asId(field(fields, 'stride') ?? 0, 'truncation.stride'),
    strategy: oneOf(STRATEGIES, field(fields, 'strategy') ?? 'LongestFirst', 'truncation.strategy'),
    direction: oneOf(DIRECTIONS, field(fields, 'direction') ?? 'Right', 'truncation.direction'),
  })
}

export function readFilePadding(value: unknown, size: number): Padding | undefined {
  if (value === null) return undefined
  const fields = asFields(value, 'padding')
  refuseUnknownKeys(fields, 'padding', [
    'strategy',
    'direction',
    'pad_to_multiple_of',
    'pad_id',
    'pad_type_id',
    'pad_token',
  ])
  const id = (key: string): number => asId(field(fields, key) ?? 0, `padding.${key}`)
  if (id('pad_id') >= size) throw wrong('padding.pad_id', `an id below ${size}`, id('pad_id'))
  const strategy = field(fields, 'strategy')
  return readPadding(
    'tokenizer.json',
    {
      length:
        strategy === 'BatchLongest'
          ? 'longest'
          : asId(field(asFields(strategy, 'padding.strategy'), 'Fixed'), 'padding.strategy.Fixed'),
      multipleOf: id('pad_to_multiple_of') || 1,
      direction: oneOf(DIRECTIONS, field(fields, 'direction') ?? 'Right', 'padding.direction'),
      padId: id('pad_id'),
      padTypeId: id('pad_type_id'),
    },
    undefined,
    size,
  )
}

function oneOf<T>(values: Readonly<Record<string, T>>, value: unknown, path: string): T {
  const name = asText(value, path)
  if (!Object.hasOwn(values, name)) throw wrong(path, Object.keys(values).join(', '), name)
  return values[name]
}
