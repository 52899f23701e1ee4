/** The program of the thread that encodes long texts and conversations for `retnet serve`. */
import { parentPort, workerData } from 'node:worker_threads'
import { RetNetError } from '@retnet/core'
import { Tokenizer } from '@retnet/tokenizer'
import type { TextReply, TextTask, TextThreadData } from './serve/text-thread.js'
import { createChatEncoder } from './text/chat-encoder.js'
import { codecOf } from './text/codec.js'

const port = parentPort!
try {
  const { tokenizerJson, ...texts } = workerData as TextThreadData
  const tokenizer = await Tokenizer.load(tokenizerJson)
  const codec = codecOf(tokenizer)
  const encodeChat = await createChatEncoder(texts, tokenizer)
  port.on('message', (task: TextTask) => {
    try {
      const ids = 'text' in task ? codec.encode(task.text) : encodeChat!(task.messages)
      reply({ kind: 'ids', ids: Uint32Array.from(ids) })
    } catch (error) {
      reply(problemOf(error))
    }
  })
  reply({ kind: 'ready', hasChat: encodeChat !== undefined })
} catch (error) {
  reply(problemOf(error))
}

function reply(message: TextReply): void {
  port.postMessage(message)
}

function problemOf(error: unknown): TextReply {
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'error', message, foreseen: RetNetError.isInstance(error) }
}
