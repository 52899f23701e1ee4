/** What a chat template puts after an answer when the conversation goes on. */
import type { ChatMessage } from '@retnet/serve'

type TextOf = (messages: readonly ChatMessage[]) => string

// no template looks for these
const answers = ['first-0x7e3a', 'second-0x51c9']

/** Null if that is not the same after every answer, or if what came before would have been written in another way. */
export function continuationOf(textOf: TextOf, messages: readonly ChatMessage[]): string | null {
  const [first, second] = answers.map((answer) => turn(answer))
  const found = [first, second, [...first, ...second]].map((before) => after(textOf, before, messages))
  return found.every((text) => text === found[0]) ? found[0] : null
}

function turn(answer: string): ChatMessage[] {
  return [
    { role: 'user', content: `to ${answer}` },
    { role: 'assistant', content: answer },
  ]
}

function after(textOf: TextOf, before: readonly ChatMessage[], messages: readonly ChatMessage[]): string | null {
  const { content } = before[before.length - 1]
  const [alone, whole] = [textOf(before), textOf([...before, ...messages])]
  // in the question it stands too
  const at = alone.lastIndexOf(content)
  const end = at + content.length
  return at >= 0 && alone.slice(0, end) === whole.slice(0, end) ? whole.slice(end) : null
}
