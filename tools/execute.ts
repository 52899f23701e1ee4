// Runs a command for a test and fails with everything the command printed.
import { execFile } from 'node:child_process'

export async function execute(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, maxBuffer: 64 << 20, timeout: 110_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else
        reject(
          new Error(`${command} ${args.join(' ')}\nin ${cwd} ended with ${String(error.code)}\n${stdout}${stderr}`),
        )
    })
  })
}
