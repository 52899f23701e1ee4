/** The commands of a chat, as a table. Each returns what the user is told. */
import { CommandError } from '../errors.js'
import { closest } from '../model/closest.js'
import { showCount } from '../terminal/units.js'
import type { Conversation } from './conversation.js'

interface SlashCommand {
  readonly argument: string
  readonly help: string
  readonly run: (conversation: Conversation, argument: string) => string | Promise<string>
}

export const slashCommands: Readonly<Record<string, SlashCommand>> = {
  fork: {
    argument: 'NAME',
    help: 'branch off here under a name, and go on in the branch',
    run: (conversation, name) => {
      const from = conversation.name
      conversation.fork(required('/fork', 'a name', name))
      return `on branch ${name}; /switch ${from} goes back`
    },
  },
  switch: {
    argument: 'NAME',
    help: 'go on in another branch',
    run: (conversation, name) => {
      conversation.switchTo(required('/switch', 'a name', name))
      return `on branch ${name}`
    },
  },
  rewind: {
    argument: '[N]',
    help: 'take the last turn back, or the last N',
    run: (conversation, count) => {
      conversation.rewind(count === '' ? 1 : Number(count))
      return `back before turn ${conversation.current.turns + 1}`
    },
  },
  save: {
    argument: 'FILE',
    help: 'write a snapshot of this branch',
    run: async (conversation, path) => {
      await conversation.save(required('/save', 'a file', path))
      return `saved ${path}`
    },
  },
  load: {
    argument: 'FILE',
    help: 'replace this branch with a snapshot',
    run: async (conversation, path) => {
      await conversation.load(required('/load', 'a file', path))
      return `loaded ${path}: ${showCount(conversation.current.session.length)} tokens`
    },
  },
  state: {
    argument: '',
    help: 'where this conversation is',
    run: (conversation) => {
      const { session, turns } = conversation.current
      const others = conversation.names.map((name) => (name === conversation.name ? `[${name}]` : name)).join(' ')
      return `${showCount(session.length)} tokens, ${turns} turns, branches: ${others}`
    },
  },
  help: { argument: '', help: 'show this', run: () => slashHelp() },
}

/** The answer to a line that begins with a slash. Throws CommandError for one that is no command. */
export async function runSlashCommand(conversation: Conversation, line: string): Promise<string> {
  const [, name, argument] = /^\/(\S*)\s*(.*?)\s*$/.exec(line)!
  if (Object.hasOwn(slashCommands, name)) return slashCommands[name].run(conversation, argument)
  const near = closest(name, [...Object.keys(slashCommands), 'quit'])
  throw new CommandError(`/${name} is no command.`, near === undefined ? '/help lists them.' : `Did you mean /${near}?`)
}

export function slashHelp(): string {
  const rows = Object.entries(slashCommands).map(([name, { argument, help }]) => [`/${name} ${argument}`, help])
  return [...rows, ['/quit', 'leave (also Ctrl-D)']].map(([usage, help]) => `  ${usage.padEnd(14)} ${help}`).join('\n')
}

function required(command: string, what: string, value: string): string {
  if (value !== '') return value
  throw new CommandError(`${command}: expected ${what}, got nothing.`)
}
