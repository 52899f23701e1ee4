/** Reads `truncation` and `padding` of a `tokenizer.json` as the options of calls. */
import { asFields, asId, asIs, asText, field, orElse, readFields, wrong, type Read } from '../reading/fields.js'
import { readPadding, type Padding } from './padding.js'
import { readTruncation, type Truncation } from './truncation.js'

const asDirection = oneOf({ Left: 'left', Right: 'right' } as const, 'Right')
const asStrategy = oneOf(
  { LongestFirst: 'longestFirst', OnlyFirst: 'onlyFirst', OnlySecond: 'onlySecond' } as const,
  'LongestFirst',
)
const orZero = orElse(asId, 0)

export function readFileTruncation(value: unknown): Truncation | undefined {
  if (value === null) return undefined
  const { max_length, ...rest } = readFields(asFields(value, 'truncation'), 'truncation', {
    direction: asDirection,
    max_length: asId,
    strategy: asStrategy,
    stride: orZero,
  })
  return readTruncation('tokenizer.json', { maxLength: max_length, ...rest })
}

export function readFilePadding(value: unknown, size: number): Padding | undefined {
  if (value === null) return undefined
  const file = readFields(asFields(value, 'padding'), 'padding', {
    strategy: asLength,
    direction: asDirection,
    pad_to_multiple_of: orZero,
    pad_id: orZero,
    pad_type_id: orZero,
    pad_token: asIs,
  })
  if (file.pad_id >= size) throw wrong('padding.pad_id', `an id below ${size}`, file.pad_id)
  const options = {
    length: file.strategy,
    multipleOf: file.pad_to_multiple_of || 1,
    direction: file.direction,
    padId: file.pad_id,
    padTypeId: file.pad_type_id,
  }
  return readPadding('tokenizer.json', options, undefined, size)
}

function asLength(value: unknown, path: string): Padding['length'] {
  return value === 'BatchLongest' ? 'longest' : asId(field(asFields(value, path), 'Fixed'), `${path}.Fixed`)
}

function oneOf<T>(values: Readonly<Record<string, T>>, usual: string): Read<T> {
  return (value, path) => {
    const name = asText(value ?? usual, path)
    if (!Object.hasOwn(values, name)) throw wrong(path, Object.keys(values).join(', '), name)
    return values[name]
  }
}
