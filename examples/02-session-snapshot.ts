// A text in progress is a state of constant size: save it, restore it anywhere, and it goes on as if nothing had happened.
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { createSession, restoreSession } from '@retnet/generate'
import { Tokenizer } from '@retnet/tokenizer'

using backend = await cpu()
using loaded = await loadModel('models/novels-7m', { backend })
const codec = await Tokenizer.load(loaded.tokenizerJson!)

using session = await createSession(loaded.model, { codec })
await session.append('The old house stood at the end of the lane, and')
const bytes = await session.snapshot()
console.log(`${session.length} tokens, ${bytes.length} bytes`)

const here = await session.generate({ maxTokens: 20, seed: 3 }).result
using restored = await restoreSession(loaded.model, bytes, { codec })
const there = await restored.generate({ maxTokens: 20, seed: 3 }).result
console.log(here.text)
console.log(
  here.text === there.text ? 'the restored session writes the same' : 'the restored session writes something else',
)
