/** Told by workers of what readers of turns do not see. It must cost next to nothing. */
export interface TurnMeter {
  /** A worker goes on with a turn that another has begun; `tokens` of it were there already. */
  resumed(tokens: number): void
  /** Another worker writes by now: what this one wrote was refused. */
  fenced(): void
  /** The state that a turn of a session goes on from has been read. */
  loaded(seconds: number): void
  /** A state has been kept: in the midst of a text, or at the end of a turn of a session. */
  saved(kind: 'checkpoint' | 'session', seconds: number, bytes: number): void
}
