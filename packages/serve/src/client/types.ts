/** What a server says, and what it can be asked. */

/** Text, or token ids. */
export type Prompt = string | readonly number[]

export interface SessionInfo {
  readonly id: string
  readonly model: string
  /** Of the weights: a state goes on with these alone. */
  readonly model_version: string
  readonly rev: number
  /** Tokens. */
  readonly length: number
  readonly from: string | null
  /** Seconds since 1970. */
  readonly created: number
  readonly updated: number
  readonly expires_at: number | null
}

export interface SnapshotInfo {
  readonly id: string
  readonly model: string
  readonly model_version: string
  readonly name: string | null
  /** False if it goes with its session. */
  readonly pinned: boolean
  readonly session: string | null
  readonly rev: number | null
  readonly length: number
  readonly bytes: number
  readonly created: number
}

export interface Page<T> {
  readonly data: readonly T[]
  readonly last_id: string | null
  readonly has_more: boolean
}

/** How a text is written; what is left out comes from the model. Further parameters of the server may be given. */
export interface TextOptions {
  readonly max_tokens?: number
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
  readonly min_p?: number
  readonly repetition_penalty?: number
  readonly frequency_penalty?: number
  readonly presence_penalty?: number
  readonly logit_bias?: Readonly<Record<string, number>>
  readonly seed?: number
  readonly stop?: string | readonly string[]
  readonly [parameter: string]: unknown
}

export interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: string
}

export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  /** Tokens that a state saved. */
  readonly prompt_tokens_details: { readonly cached_tokens: number }
}

export interface SessionPlace {
  readonly id: string
  readonly rev: number | null
  readonly length: number | null
}

/** A text at its end. */
export interface Completion {
  readonly text: string
  readonly finishReason: string
  readonly usage: Usage
  /** Where the session is now. */
  readonly session: SessionPlace | null
}

/** A piece of a text. The last one has `finishReason`, and maybe no text. */
export interface TextChunk {
  readonly text: string
  readonly finishReason: string | null
}

export interface CallOptions {
  readonly signal?: AbortSignal
}
