/** One span a request through `@opentelemetry/api`, if the program has it; without it, or without an SDK behind it, nothing happens. */
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Attributes, Context, Tracer } from '@opentelemetry/api'
import type { RequestRecord } from './request-record.js'

type Api = typeof OpenTelemetry
type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface Tracing {
  /** Makes the span of a request that has ended. `headers` may name the span of who asked. */
  ended(record: RequestRecord, headers: Headers): void
}

/** Null if the package is not installed. */
export async function openTracing(): Promise<Tracing | null> {
  try {
    // the name in a variable: bundlers and installs without the package pass
    const name = '@opentelemetry/api'
    return createTracing((await import(name)) as Api)
  } catch {
    return null
  }
}

export function createTracing({ trace, context, propagation, SpanKind, SpanStatusCode }: Api): Tracing {
  const tracer: Tracer = trace.getTracer('@retnet/serve')
  return {
    ended(record, headers) {
      const parent: Context = propagation.extract(context.active(), headers)
      const name = record.generation ? `${record.generation.operation} ${record.generation.model}` : record.route
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, startTime: record.startedOn, attributes: attributesOf(record) },
        parent,
      )
      if (record.firstTokenMs !== null) span.addEvent('first token', record.startedOn + record.firstTokenMs)
      if (record.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end(record.startedOn + record.totalMs)
    },
  }
}

/** Names of the semantic conventions of HTTP and of generative models. */
function attributesOf({
  id,
  method,
  route,
  status,
  errorCode,
  tenant,
  generation,
  ...record
}: RequestRecord): Attributes {
  return {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'retnet.request_id': id,
    ...(tenant !== null && { 'retnet.tenant': tenant }),
    ...(errorCode !== null && { 'error.type': errorCode }),
    ...(generation && {
      'gen_ai.operation.name': generation.operation,
      'gen_ai.provider.name': 'retnet',
      'gen_ai.request.model': generation.model,
      'gen_ai.response.model': generation.model,
      'gen_ai.request.max_tokens': generation.maxTokens,
      'gen_ai.request.choice.count': generation.texts,
      'gen_ai.usage.input_tokens': generation.promptTokens,
      'gen_ai.usage.output_tokens': record.completionTokens,
      'gen_ai.response.finish_reasons': record.outcomes,
    }),
  }
}
