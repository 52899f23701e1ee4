import type { ServiceTier } from './service-tier.js'

/** What is needed to word the answer to a request, besides the log of its turn. It travels with the turn: any process can word it. */
export interface View {
  readonly format: 'completion' | 'chat'
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly model: string
  /** Of the weights: equal ones give equal texts for equal seeds. */
  readonly fingerprint: string
  readonly promptTokens: number
  readonly choices: readonly ChoiceView[]
  readonly includeUsage: boolean
  /** Who may read the stream again; null if nobody may. */
  readonly resumable: { readonly tenant: string } | null
  readonly tier: ServiceTier
  /** The session that the text continues. */
  readonly session: string | null
}

export interface ChoiceView {
  /** Goes before the text: the prompt, with `echo`. */
  readonly echo: string
  readonly logprobs: boolean
  /** Ids that end the text and are no part of it. */
  readonly stopIds: readonly number[]
}
