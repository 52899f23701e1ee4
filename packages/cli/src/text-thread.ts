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
  const chat = await createChatEncoder(texts, tokenizer)
  const idsOf = (task: TextTask) => {
    if ('text' in task) return Uint32Array.from(codec.encode(task.text))
    const { messages, last } = task
    return last === undefined ? chat!.encode(messages) : chat!.proceed(messages, last)
  }
  port.on('message', (task: TextTask) => {
    try {
      reply({ kind: 'ids', ids: idsOf(task) })
    } catch (error) {
      reply(problemOf(error))
    }
  })
  reply({ kind: 'ready', hasChat: chat !== undefined })
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
