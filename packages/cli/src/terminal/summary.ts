import type { Backend } from '@retnet/core'
import type { GenerateResult } from '@retnet/generate'
import { showBytes, showCount, showRate } from './units.js'

/** "40 tokens, 512 tokens/s, state 786 kB constant, cpu (2 threads)" */
export function showSummary(result: GenerateResult, backend: Backend): string {
  const { completionTokens, tokensPerSecond, stateBytes } = result
  const rate = tokensPerSecond > 0 ? [`${showRate(tokensPerSecond)} tokens/s`] : []
  const parts = [`${showCount(completionTokens)} tokens`, ...rate, `state ${showBytes(stateBytes)} constant`]
  return [...parts, `${backend.name} (${backend.limits.description})`].join(', ')
}
