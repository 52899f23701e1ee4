/**
 * A decoder turns tokens into text, step by step. Each step takes tokens one by one and hands on what is sure, so that decoding a
 * stream of ids and decoding them all at once is the same work.
 */

export type EmitText = (token: string) => void

export interface DecoderStage {
  push(token: string, emit: EmitText): void
  /** Hands on what was held back, and makes the stage fresh. */
  end(emit: EmitText): void
}

/** Makes fresh stages. `fused` says that a step before has made one token of all: the stage then gets parts of one token. */
export type Decoder = (fused: boolean) => DecoderStage

export const nothing = (): void => {}

/** A stage that looks at one token at a time, and knows whether it is the first. */
export function eachToken(change: (token: string, isFirst: boolean) => string): Decoder {
  return (fused) => {
    let isFirst = true
    const stage: DecoderStage = {
      push(token, emit) {
        emit(change(token, isFirst))
        isFirst = false
      },
      end: () => (isFirst = true),
    }
    return fused ? whenWhole(stage) : stage
  }
}

/** Waits for the whole token that comes in parts. */
export function whenWhole(stage: DecoderStage): DecoderStage {
  let text = ''
  return {
    push: (part) => (text += part),
    end(emit) {
      stage.push(text, emit)
      stage.end(emit)
      text = ''
    },
  }
}

/** `first`, and on all that it hands on `second`. */
export function join(first: DecoderStage, second: DecoderStage): DecoderStage {
  return {
    push: (token, emit) => first.push(token, (text) => second.push(text, emit)),
    end(emit) {
      first.end((text) => second.push(text, emit))
      second.end(emit)
    },
  }
}

/** Without a decoder tokens stand with spaces between them. */
export const spaced: Decoder = eachToken((token, isFirst) => (isFirst ? token : ` ${token}`))
