// A session on a server: turns send what is new, a fork costs nothing, and the file of a snapshot goes on anywhere.
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { restoreSession } from '@retnet/generate'
import { Engine, serve } from '@retnet/serve'
import { Client } from '@retnet/serve/client'
import { Tokenizer } from '@retnet/tokenizer'

using backend = await cpu()
using loaded = await loadModel('models/novels-7m', { backend })
const codec = await Tokenizer.load(loaded.tokenizerJson!)
using engine = await Engine.create(loaded.model, { rows: 2 })
await using server = await serve({ engine, model: { id: 'novels-7m', codec }, port: 0 })

const client = new Client({ baseUrl: server.url })
const session = await client.sessions.create({ prompt: 'The old house stood at the end of the lane, and' })
for await (const { text } of await session.stream({ max_tokens: 20, seed: 3 })) process.stdout.write(text)

const fork = await session.fork()
const more = { prompt: ' Nobody', max_tokens: 12, seed: 4 }
const { text, usage } = await fork.complete(more)
console.log(
  `\n${usage.prompt_tokens_details.cached_tokens} of ${usage.prompt_tokens} tokens were there already:${text}`,
)

const { bytes } = await client.snapshots.export((await session.snapshot()).id)
using here = await restoreSession(loaded.model, bytes, { codec })
await here.append(more.prompt)
const { text: same } = await here.generate({ maxTokens: 12, seed: 4 }).result
console.log(same === text ? 'the exported session writes the same' : 'the exported session writes something else')
