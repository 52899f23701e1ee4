/** From a body to a typed request, or the error that names its first wrong field. */
import type { z } from 'zod'
import { ApiError } from './api-error.js'

/** Parameters of the OpenAI API and of vLLM that exist and that this server does not have. */
const unsupported = new Set(
  `suffix tools tool_choice functions function_call parallel_tool_calls modalities audio prediction reasoning_effort
  verbosity web_search_options store metadata safety_identifier prompt_cache_key prompt_logprobs min_tokens
  stop_token_ids guided_json guided_regex guided_choice guided_grammar structured_outputs prompt_embeds lora`.split(
    /\s+/,
  ),
)
const forbidden = new Set(['chat_template', 'chat_template_kwargs'])

export function checkRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw errorOf(result.error.issues[0])
}

function errorOf(issue: z.core.$ZodIssue): ApiError {
  const inner = deepest(issue)
  const param = showPath(inner.path)
  if (inner.code === 'unrecognized_keys') return unknownKey(inner.path, inner.keys[0])
  if (/^messages\.\d+\.content/.test(inner.path.join('.')) && inner.path.at(-1) === 'type') {
    return new ApiError(400, 'unsupported_content', `${param}: expected content parts of type text alone.`, param)
  }
  const code = param === 'n' ? 'n_out_of_range' : inner.code === 'invalid_type' ? 'invalid_type' : 'invalid_value'
  return new ApiError(400, code, `${param || 'body'}: ${inner.message}.`, param || null)
}

/** Of the branches of a union, what is wrong in the one that came furthest. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors
    .flat()
    .map((one) => deepest({ ...one, path: [...issue.path, ...one.path] }))
    .sort((a, b) => b.path.length - a.path.length)[0]
  return inner !== undefined && inner.path.length > issue.path.length ? inner : issue
}

function unknownKey(path: readonly PropertyKey[], key: string): ApiError {
  const param = showPath([...path, key.slice(0, 80)])
  if (path.length === 0 && forbidden.has(key)) {
    return new ApiError(400, 'forbidden_parameter', `${param}: a request may not bring its own template.`, param)
  }
  if (path.length === 0 && unsupported.has(key)) {
    return new ApiError(400, 'unsupported_parameter', `${param}: this server does not support it. Leave it out.`, param)
  }
  return new ApiError(400, 'unknown_parameter', `${param}: there is no such parameter.`, param)
}

function showPath(path: readonly PropertyKey[]): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at ? '.' : ''}${String(part)}`)).join('')
}
