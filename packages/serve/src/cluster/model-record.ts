/** What gateways must know of the model that workers run: the workers tell it, in the store that all share. */
import type { ModelFacts } from '../api/context.js'
import type { StateStore } from '../stores/contract.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Keys allow few characters: others are written as their code. */
function keyOf(id: string): string {
  const safe = id.replace(/[^A-Za-z0-9-]/g, (character) => `_${character.codePointAt(0)!.toString(16)}_`)
  return `models/${safe}`
}

/** The latest worker's word holds: during an upgrade turns for the new weights wait for the new workers. */
export async function publishModel(states: StateStore, id: string, facts: ModelFacts): Promise<void> {
  await states.put(keyOf(id), encoder.encode(JSON.stringify(facts)))
}

/** Null until a worker has been there. */
export async function findModel(states: StateStore, id: string): Promise<ModelFacts | null> {
  const bytes = await states.get(keyOf(id))
  return bytes && (JSON.parse(decoder.decode(bytes)) as ModelFacts)
}
