/** The whole command as a function: arguments in, exit code out, everything else through `io`. */
import { Command } from 'commander'
import { addChat } from './commands/chat.js'
import { addConvert } from './commands/convert.js'
import { addEval } from './commands/eval.js'
import { addGenerate } from './commands/generate.js'
import { addInspect } from './commands/inspect.js'
import { addLogits } from './commands/logits.js'
import { addServe } from './commands/serve.js'
import { addTokenizer } from './commands/tokenizer.js'
import { exitCodes, reportError } from './exit.js'
import type { Io } from './io.js'
import { version } from './version.js'

/** Runs `retnet ARGS`. Resolves to 0, 1 (failure), 2 (usage) or 130 (interrupted); never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync([...argv], { from: 'user' })
    return io.signal.aborted ? exitCodes.interrupted : exitCodes.success
  } catch (error) {
    return reportError(error, io)
  }
}

const commands = [addGenerate, addChat, addServe, addLogits, addEval, addInspect, addConvert, addTokenizer]

function createProgram(io: Io): Command {
  const program = new Command('retnet')
    .description(
      'Retentive Networks: write text, serve it over HTTP, compute logits, evaluate, inspect and convert models.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(inOneLine(text)),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', overview)
  for (const add of commands) add(program, io)
  return program
}

function inOneLine(text: string): string {
  return text.replace(/^error: /, 'retnet: ').replace('\n(Did you mean', ' (Did you mean')
}

const overview = `
Models: a folder with config.json and model.safetensors or onnx/model.onnx, a Hugging Face id (owner/name), or the name
of a bundled model (novels-7m, the default).

Examples:
  retnet generate --prompt "It was a dark and stormy night"
  retnet chat
  retnet serve --port 8080
  retnet eval --text novel.txt --windows 64 --json
  retnet tokenizer train novel.txt --out tokenizer.json
  retnet help generate

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. RETNET_DEBUG=1 shows where an error happened.`
