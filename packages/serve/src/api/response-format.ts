/** The parameter `response_format`: what the text must be, as a schema that has a grammar. */
import { SchemaError } from '../grammar/schema-error.js'
import type { Json } from '../stores/contract.js'
import type { Turn } from '../turns/turn.js'
import { ApiError } from './api-error.js'
import type { ApiContext } from './context.js'
import type { SamplingRequest } from './schemas.js'

/** Null where any text will do. Refuses a schema before the request costs more than compiling it. */
export async function grammarOf({ grammars }: ApiContext, request: SamplingRequest): Promise<Turn['grammar']> {
  const { response_format: format, ignore_eos: ignoresEnd } = request
  if (!format || format.type === 'text') return null
  if (ignoresEnd) throw new ApiError(400, 'invalid_value', 'ignore_eos: not with a response_format.', 'ignore_eos')
  const schema = format.type === 'json_object' ? { type: 'object' } : format.json_schema.schema
  try {
    await grammars.check(schema)
    return { schema: schema as Json }
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const param = 'response_format.json_schema.schema'
    throw new ApiError(400, 'schema_too_complex', `${param}: ${error.message}`, param)
  }
}
