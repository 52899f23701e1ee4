/** A cursor as bytes: the state as the model saves it, and beside it what a session must know to continue id for id. */
import type { LanguageModel } from '../language-model.js'
import { Cursor } from './cursor.js'
import { placeOf, placeTensors } from './place-tensors.js'

export async function saveCursor(cursor: Cursor): Promise<Uint8Array> {
  // read when nothing but the last token is pending
  return cursor.save(() => placeTensors(cursor))
}

/** Throws a GenerateArgumentError for a snapshot that is not one of a session, and what the model throws for other bytes. */
export async function loadCursor(model: LanguageModel, bytes: Uint8Array): Promise<Cursor> {
  const { state, extra } = await model.loadState(bytes)
  try {
    const { position, pending, history } = placeOf(extra)
    model.checkTokens([...pending, ...history.seen])
    return new Cursor(model, state, position, [...pending], history)
  } catch (error) {
    state.dispose()
    throw error
  }
}
