import type { SnapshotIdentity } from '@retnet/core'
import { ApiError } from '../api/api-error.js'

/** Throws a 409 unless a state of the one model may be continued by the other. */
export function requireCompatible(made: SnapshotIdentity, model: SnapshotIdentity): void {
  const { weights, spec, tokenizer } = made
  const known = tokenizer !== undefined && model.tokenizer !== undefined
  if (weights === model.weights && spec === model.spec && (!known || tokenizer === model.tokenizer)) return
  const [what, theirs, own] =
    spec !== model.spec
      ? ['a model', spec, model.spec]
      : weights !== model.weights
        ? ['weights', weights, model.weights]
        : ['a tokenizer', tokenizer, model.tokenizer]
  const message = `The state was made with ${what} ${theirs}, this server has ${own}. Ask a server of that model.`
  throw new ApiError(409, 'state_incompatible', message, null, {}, { required_model_version: weights })
}
