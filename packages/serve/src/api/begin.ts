/** Hands the prompts of a request to the engine: all of them or none. */
import type { GenerateSettings } from '@retnet/generate'
import type { Grammar } from '../grammar/grammar.js'
import { ApiError } from './api-error.js'
import type { Choice } from './choice.js'
import type { ApiContext } from './context.js'
import type { ReadPrompt } from './read-prompts.js'

export interface Begin {
  readonly prompts: readonly ReadPrompt[]
  /** Of each choice of a prompt. */
  readonly settings: readonly GenerateSettings[]
  readonly grammar?: Grammar | null
  readonly echo?: boolean
}

export function begin(
  { engine, served, limits }: ApiContext,
  { prompts, settings, grammar, echo = false }: Begin,
): Choice[] {
  const plans = prompts.flatMap((prompt) => settings.map((own) => ({ prompt, own })))
  if (plans.length > limits.choices) {
    const message = `prompt: expected up to ${limits.choices} texts, prompts times n.`
    throw new ApiError(400, 'too_many_prompts', message, 'prompt')
  }
  const requests = plans.map(({ prompt, own }) => {
    const scorePrompt = echo && own.logprobs !== undefined
    const constraint = grammar?.constrain(own.stopIds)
    return { prompt: prompt.ids, settings: own, codec: served.codec, scorePrompt, ...(constraint && { constraint }) }
  })
  return engine.submit(requests).map((job, index) => {
    return { index, job, settings: plans[index].own, echo: echo ? plans[index].prompt.text : '', offset: 0 }
  })
}
