#!/usr/bin/env node
// The one entry behind `npm start`, `npm test` and `npm run bench`. It needs Node 18 and npm, nothing else:
// it fetches the toolchain, installs, builds when something changed, and then hands over.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exitLike, foreground } from './process.mjs'
import { prepare } from './prepare.mjs'
import { root, StepFailed } from './step.mjs'
import { runTests } from './test.mjs'
import { ensureToolchain } from './toolchain.mjs'

const defaultArguments = ['serve']

const commands = {
  async start(args) {
    const { node, environment } = await prepared()
    const program = join(root, 'packages/cli/dist/bin.js')
    return foreground(node, [program, ...(args.length > 0 ? args : defaultArguments)], environment)
  },
  async test(args) {
    return runTests(await ensureToolchain(), args)
  },
  async bench(args) {
    const program = join(root, 'apps/bench/src/main.ts')
    if (!existsSync(program))
      throw new StepFailed('bench: expected apps/bench/src/main.ts, but this checkout has none.')
    const { node, environment } = await prepared()
    return foreground(node, [program, ...args], environment)
  },
}

async function prepared() {
  const toolchain = await ensureToolchain()
  await prepare(toolchain)
  return toolchain
}

async function main([name, ...args]) {
  if (!Object.hasOwn(commands, name ?? '')) {
    throw new StepFailed(`run: expected one of ${Object.keys(commands).join(', ')}, got ${name ?? 'nothing'}.`)
  }
  return commands[name](args)
}

main(process.argv.slice(2)).then(exitLike, (error) => {
  console.error(error instanceof StepFailed ? error.message : error)
  process.exitCode = 1
})
