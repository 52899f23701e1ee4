/** All that /metrics tells, in two registries: of the model, whose name is a label, and of the process. No label comes from a request. */
import { Counter, Histogram, Registry } from 'prom-client'
import type { Load, Service } from '../service.js'
import type { TurnMeter } from '../turns/turn-meter.js'
import { addAlias, addLevel } from './add-metric.js'
import { addPrefixMetrics } from './prefix-metrics.js'
import { addProcessMetrics } from './process-metrics.js'
import { addStepMetrics, addTurnMetrics } from './turn-metrics.js'
import { type RequestRecord, type TokenMeter, outcomes } from './request-record.js'

// from half a millisecond: small models write a token in one
const shortSeconds = [5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
const longSeconds = [5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600]
const tokenCounts = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]

/** Codes of refusals that say something of the load; all others are one. */
const rejections = new Set([
  'queue_full',
  'queue_timeout',
  'shutting_down',
  'rate_limit_exceeded',
  'too_many_pipelined',
])

const stateProblems = new Set(['state_incompatible', 'state_not_finite', 'state_store_unavailable'])

export interface Metrics extends TokenMeter {
  readonly contentType: string
  /** For the workers of turns. */
  readonly turns: TurnMeter
  text(): Promise<string>
  ended(record: RequestRecord): void
  close(): void
}

export function createMetrics(model: string, service: () => Pick<Service, 'load' | 'work'>): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ model_name: model })
  const { ttft, gap, tokens, ...ofRequests } = addInstruments(registry)
  addLoad(registry, () => service().load())
  addPrefixMetrics(registry, () => service().load(), ofRequests.reused)
  addStepMetrics(registry, () => service().work())
  const turns = addTurnMetrics(registry)
  const processes = new Registry()
  const stop = addProcessMetrics(processes)
  return {
    turns,
    contentType: registry.contentType,
    text: async () => (await Promise.all([registry.metrics(), processes.metrics()])).join('\n'),
    token: () => tokens.inc(),
    firstToken: (seconds) => ttft.observe(seconds),
    nextToken: (seconds) => gap.observe(seconds),
    ended: (record) => count(ofRequests, record),
    close: stop,
  }
}

type Instruments = ReturnType<typeof addInstruments>

function addInstruments(registry: Registry) {
  const registers = [registry]
  const histogram = (name: string, help: string, buckets: number[]) => {
    return new Histogram({ name, help, buckets, registers })
  }
  const counter = (name: string, help: string, ...labelNames: string[]) => {
    return new Counter({ name, help, labelNames, registers })
  }
  const gap = histogram(
    'vllm:inter_token_latency_seconds',
    'Between two tokens of a text as they go out.',
    shortSeconds,
  )
  addAlias(registry, gap, 'vllm:time_per_output_token_seconds')
  const ends = counter('vllm:request_success_total', 'Texts by how they ended.', 'finished_reason')
  for (const reason of outcomes) ends.inc({ finished_reason: reason }, 0)
  return {
    gap,
    ends,
    ttft: histogram('vllm:time_to_first_token_seconds', 'From arrival to the first token.', longSeconds),
    total: histogram('vllm:e2e_request_latency_seconds', 'From arrival to the last byte.', longSeconds),
    queued: histogram('vllm:request_queue_time_seconds', 'Waiting for a row.', longSeconds),
    prompts: histogram('vllm:request_prompt_tokens', 'Tokens of the prompts of a request.', tokenCounts),
    written: histogram('vllm:request_generation_tokens', 'Tokens written for a request.', tokenCounts),
    promptTokens: counter('vllm:prompt_tokens_total', 'Tokens of prompts.'),
    tokens: counter('vllm:generation_tokens_total', 'Tokens written.'),
    reused: { session: 0 },
    refusedStates: counter('retnet_state_reject_total', 'States refused, by why.', 'reason'),
    answers: counter('retnet_http_requests_total', 'Answers by route and status.', 'route', 'status'),
    rejected: counter(
      'retnet_admission_reject_total',
      'Requests refused for the load or the limits of their key.',
      'reason',
    ),
  }
}

function count(to: Omit<Instruments, 'ttft' | 'gap' | 'tokens'>, record: RequestRecord): void {
  to.answers.inc({ route: record.route, status: String(record.status) })
  const { errorCode, generation, queueMs } = record
  if (errorCode !== null && rejections.has(errorCode)) to.rejected.inc({ reason: errorCode })
  if (errorCode !== null && stateProblems.has(errorCode)) to.refusedStates.inc({ reason: errorCode })
  if (generation === null) return
  if (generation.session) to.reused.session += record.cachedTokens
  for (const reason of record.outcomes) to.ends.inc({ finished_reason: reason })
  to.promptTokens.inc(generation.promptTokens)
  to.prompts.observe(generation.promptTokens)
  to.written.observe(record.completionTokens)
  to.total.observe(record.totalMs / 1000)
  if (queueMs !== null) to.queued.observe(queueMs / 1000)
}

function addLoad(registry: Registry, load: () => Promise<Load>): void {
  const share = async () => {
    const { running, rows } = await load()
    return running / rows
  }
  const add = (name: string, help: string, level: () => Promise<number>) => addLevel(registry, name, help, level)
  add('retnet_rows_total', 'Rows of states.', async () => (await load()).rows)
  add('retnet_rows_used', 'Rows that a text has.', async () => (await load()).running)
  add(
    'retnet_queue_age_seconds',
    'How long the oldest waiting turn has waited.',
    async () => (await load()).oldestMs / 1000,
  )
  add('vllm:num_requests_running', 'Texts that are being written.', async () => (await load()).running)
  add('vllm:num_requests_waiting', 'Turns and texts that wait for a row.', async () => (await load()).waiting)
  add('vllm:kv_cache_usage_perc', 'Rows used of all rows, 0 to 1: there is no cache of keys.', share)
  add('vllm:gpu_cache_usage_perc', 'The older name of kv_cache_usage_perc.', share)
}
