// One calm line per step on stderr, so that stdout stays free for the program; all output only when a step fails.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { captured } from './process.mjs'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** A failure that has been explained to the user already: its message is shown without a stack. */
export class StepFailed extends Error {}

export function say(line) {
  process.stderr.write(`retnet: ${line}\n`)
}

/** Runs a command quietly; throws StepFailed with everything it printed if it fails. */
export async function step(title, command, args, options) {
  say(`${title} ...`)
  const { code, output } = await captured(command, args, options)
  if (code !== 0) throw new StepFailed(`${output}\nretnet: ${title} failed (exit code ${code}); its output is above.`)
}
